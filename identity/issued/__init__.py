"""What a person allowed an app, and what tokens say about it."""
