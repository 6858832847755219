"""How an answer reaches the app: by the address, or by a form that the browser posts.

OAuth 2.0 Form Post Response Mode: the page posts itself; without script the person presses its
one button.
"""

from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from identity.flow import Flow
from identity.grants.messages import Answer
from identity.grants.profile import FORM_POST
from identity.pages.frame import Frame, see_other
from identity.parameters import read_parameters


def deliver(frame: Frame, request: Request, flow: Flow, answer: Answer) -> Response:
    """Send the answer to the app as its request wishes."""
    asked, location = read_parameters(flow.query), answer.location
    if location is None or asked.get("response_mode") != FORM_POST:
        return see_other(location or "/")
    address = asked.get("redirect_uri")
    own = len(parse_qsl(urlsplit(address).query, keep_blank_values=True))
    fields = parse_qsl(urlsplit(location).query, keep_blank_values=True)[own:]
    frame.allow_form_action(request, address)
    return frame.render(
        request, "identity/form-post.html", {"address": address, "fields": dict(fields)}
    )
