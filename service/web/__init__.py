"""The frame around every page for people: templates, languages, forms, styles, headers."""
