"""The page where a person types the code that a terminal shows, or comes by its QR code."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from identity.asking.decoupled import read_user_code, show_user_code
from identity.asking.flow import Flow
from identity.asking.scopes import SCOPES, join
from identity.authorization.authorizing import deny
from identity.elsewhere.terminals import find_terminal
from identity.errors import SignInPaused, UserCodeRefused
from identity.pages.deliver import deliver
from identity.pages.frame import (
    BAD_REQUEST,
    Form,
    Frame,
    address_of,
    see_other,
    signed_in_at,
)
from identity.pages.onward import Onward, read_onward
from identity.realm import Realm

TOO_MANY = 429
CONTINUE = "continue"


def _(text: str) -> str:
    """Mark a text for the catalogue; it is translated where it is shown."""
    return text


ENDS: Mapping[str, tuple[str, str, str]] = {
    "allowed": ("ok", _("已经同意"), _("请回到终端，那里会自动继续。这个页面可以关闭了。")),
    "refused": (
        "warn",
        _("已经拒绝"),
        _("终端什么也没有得到。如果有人让您扫码或输入代码，请不要理会。"),
    ),
    "late": ("warn", _("来不及了"), _("这个代码已经用过或者过期。请在终端上重新开始。")),
}


class DevicePage:
    """Asks for the code, then whether the terminal is really before the person."""

    path = "/device"

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Ask for a code, take the one of the address, or say how it ended."""
        end = ENDS.get(request.query_params.get("done", ""))
        if end is not None:
            return self._frame.render(request, "identity/device-end.html", {"end": end})
        code = request.query_params.get("user_code", "")
        return self._look(request, code) if code else self._ask(request, "", None)

    def receive(self, request: Request, form: Form) -> Response:
        """Take a code; or, with a request in hand, go on or refuse."""
        if "flow" not in form:
            return self._look(request, form.get("user_code", ""))
        onward = read_onward(self._realm, form)
        if onward.flow is None or form.get("decision") == CONTINUE:
            return see_other(onward.address())
        signed_in = signed_in_at(request, self._realm)
        with self._realm.writing() as store:
            answer = deny(self._realm.work(store), onward.flow, signed_in)
        return deliver(self._frame, request, onward.flow, answer)

    def _look(self, request: Request, code: str) -> Response:
        signed_in = signed_in_at(request, self._realm)
        try:
            asked, client = find_terminal(self._realm, code, address_of(request), signed_in)
        except (UserCodeRefused, SignInPaused) as refusal:
            return self._ask(request, code[:32], refusal)
        flow = Flow("", self._realm.clock(), decoupled=asked.request_id)
        assert asked.user_code is not None  # noqa: S101  # it was found by it
        context = {
            "client": client,
            "code": show_user_code(read_user_code(self._realm.seals, asked.user_code)),
            "asked": [SCOPES[name] for name in join(asked.scopes).split()],
            "hidden": Onward(self._realm, flow, "/").hidden(),
        }
        return self._frame.render(request, "identity/device-confirm.html", context)

    def _ask(
        self, request: Request, typed: str, refusal: UserCodeRefused | SignInPaused | None
    ) -> Response:
        paused = isinstance(refusal, SignInPaused)
        context = {
            "typed": typed,
            "refused": refusal is not None,
            "paused_until": refusal.until if isinstance(refusal, SignInPaused) else 0,
        }
        status = 200 if refusal is None else TOO_MANY if paused else BAD_REQUEST
        return self._frame.render(request, "identity/device.html", context, status)
