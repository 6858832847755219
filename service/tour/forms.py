"""The forms of an HTML page, read as a browser without script would."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(frozen=True)
class Button:
    """A submit button: what it sends, and the text of the card or form around it."""

    name: str
    value: str
    text: str


@dataclass
class Form:
    """One form: where it goes, the values it holds, its buttons and its visible text."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)
    text: str = ""


class FormReader(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._inside = False
        self._button: dict[str, str] | None = None
        self._since = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a form, note a field or start a button."""
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(values.get("action", ""), values.get("method", "get")))
            self._inside, self._since = True, 0
        elif self._inside and tag == "input":
            self._note_field(values)
        elif self._inside and tag == "button":
            self._button = values

    def _note_field(self, values: Mapping[str, str]) -> None:
        kind, name = values.get("type", "text"), values.get("name")
        if name and (kind not in {"radio", "checkbox"} or "checked" in values):
            self.forms[-1].fields[name] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """Close a form or a button; a button's text is all that came since the one before."""
        if tag == "form":
            self._inside = False
        elif tag == "button" and self._inside and self._button is not None:
            form, button = self.forms[-1], self._button
            form.buttons.append(
                Button(button.get("name", ""), button.get("value", ""), form.text[self._since :])
            )
            self._since, self._button = len(form.text), None

    def handle_data(self, data: str) -> None:
        """Keep the visible text."""
        if self._inside:
            self.forms[-1].text += data


def read_forms(page: str) -> list[Form]:
    """All forms of `page`, in order."""
    reader = FormReader()
    reader.feed(page)
    return reader.forms
