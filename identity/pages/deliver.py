"""How an answer reaches the app: by the address, or by a form that the browser posts.

OAuth 2.0 Form Post Response Mode: the page posts itself; without script the person presses its
one button.
"""

from starlette.requests import Request
from starlette.responses import Response

from identity.asking.flow import Flow
from identity.grants.messages import Answer
from identity.pages.frame import Frame, see_other
from identity.telling.responding import added_parameters


def deliver(frame: Frame, request: Request, flow: Flow, answer: Answer) -> Response:
    """Send the answer to the app as its request wishes."""
    location = answer.location
    if location is None or not answer.posted:
        return see_other(location or "/")
    address = flow.parameters.get("redirect_uri")
    fields = added_parameters(address, location)
    frame.allow_form_action(request, address)
    return frame.render(request, "identity/form-post.html", {"address": address, "fields": fields})
