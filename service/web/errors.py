"""What can be wrong with a form that a browser sends. `service.errors` gives each its status."""


class WebError(Exception):
    """Something a page cannot accept."""


class FormUnreadable(WebError):
    """The body is not the kind of form the page sent out, or it is broken."""


class FormTooLarge(WebError):
    """The body is longer than the page accepts."""


class FieldRepeated(WebError):
    """A field that may appear once appears twice."""


class FormForged(WebError):
    """The form did not come from a page of ours in this browser, or its page is too old."""
