"""A person's page of their sign-ins and of the apps they let in."""

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from identity.asking.details import titles
from identity.errors import NotRegistered
from identity.pages.agreed import describe_scopes
from identity.pages.frame import Form, Frame, see_other, set_cookie, signed_in_at
from identity.pages.words import METHOD_WORDS
from identity.realm import Realm, Work
from identity.standing.account import (
    end_own_session,
    read_account,
    sign_out_elsewhere,
    sign_out_everywhere,
    withdraw_consent,
)
from identity.standing.acting import SignedIn

SIGN_IN = "/sign-in?return_to=/account"


class AccountPage:
    """Shows what is open, and ends it."""

    path = "/account"

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Show sign-ins, apps and history."""
        signed_in = signed_in_at(request, self._realm)
        if signed_in is None:
            return see_other(SIGN_IN)
        with self._realm.reading() as store:
            account = read_account(self._realm.work(store), signed_in.person.person_id)
        context = {
            "account": account,
            "person": signed_in.person,
            "this_session": signed_in.session.session_id,
            "agreed": [
                (
                    consent,
                    describe_scopes(self._realm, consent.scopes),
                    titles(
                        account.details.get((consent.client_id, consent.party_id), ()),
                        self._realm.detail_types,
                    ),
                )
                for consent in account.consents
            ],
            "methods": METHOD_WORDS,
            "upstreams": self._realm.upstreams,
            "done": DONE.get(request.query_params.get("done", "")),
        }
        return self._frame.render(request, "identity/account.html", context)

    def receive(self, request: Request, form: Form) -> Response:
        """End what the person no longer wants."""
        signed_in = signed_in_at(request, self._realm)
        act = ACTS.get(form.get("act", ""))
        if signed_in is None or act is None:
            return see_other(SIGN_IN if signed_in is None else self.path)
        try:
            with self._realm.writing() as store:
                act(self._realm.work(store), signed_in, form)
        except NotRegistered:  # it ended meanwhile, which is what was wanted
            return see_other(self.path)
        if form["act"] == EVERYWHERE:
            response = see_other("/sign-out")
            set_cookie(response, self._realm, "")
            return response
        return see_other(f"{self.path}?done={form['act']}")


def _end(work: Work, signed_in: SignedIn, form: Form) -> None:
    end_own_session(work, signed_in, form.get("session", ""))


def _withdraw(work: Work, signed_in: SignedIn, form: Form) -> None:
    withdraw_consent(work, signed_in, form.get("party", ""), form.get("client", ""))


def _others(work: Work, signed_in: SignedIn, _form: Form) -> None:
    sign_out_elsewhere(work, signed_in)


def _everywhere(work: Work, signed_in: SignedIn, _form: Form) -> None:
    sign_out_everywhere(work, signed_in)


def _(text: str) -> str:
    """Mark a text for the catalogue; it is translated where it is shown."""
    return text


END, OTHERS, WITHDRAW, EVERYWHERE = "end", "others", "withdraw", "everywhere"
ACTS: Mapping[str, Callable[[Work, SignedIn, Form], None]] = {
    END: _end,
    OTHERS: _others,
    WITHDRAW: _withdraw,
    EVERYWHERE: _everywhere,
}
DONE: Mapping[str, str] = {
    END: _("登录已经结束。"),
    OTHERS: _("其他设备上的登录都已经结束。"),
    "password": _("密码已经修改，其他登录已经结束。"),
    "factor": _("两步验证已经关闭。"),
    WITHDRAW: _("授权已经撤回，这个应用从现在起不能再使用。"),
}
