"""The page on which a person registers passkeys, renames and removes them."""

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from identity.errors import NotRegistered, PasskeyRefused
from identity.noting import note
from identity.pages.frame import (
    BAD_REQUEST,
    Form,
    Frame,
    see_other,
    signed_in_at,
    visit_at,
)
from identity.people.passkeys import name_passkey
from identity.realm import Realm, Work
from identity.sign_in.passkey import NAME, add_passkey, offer_new, read_id, spell_id
from identity.sign_in.second_factor import check_may_change, missing_step
from identity.standing.acting import SignedIn
from identity.trail.events import FACTOR_ADDED, FACTOR_REMOVED

SIGN_IN = "/sign-in?return_to=/account/passkeys"


class PasskeysPage:
    """Shows a person's passkeys; changes need a fresh sign-in by all factors they have."""

    path = "/account/passkeys"

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Show the keys and, to somebody who may, how to change them."""
        signed_in = signed_in_at(request, self._realm)
        if signed_in is None:
            return see_other(SIGN_IN)
        return self._render(request, signed_in)

    def receive(self, request: Request, form: Form) -> Response:
        """Do what the person asks for."""
        signed_in = signed_in_at(request, self._realm)
        if signed_in is None:
            return see_other(SIGN_IN)
        try:
            if form.get("act") == "add":
                return self._add(request, signed_in, form)
            with self._realm.writing() as store:
                work = self._realm.work(store)
                check_may_change(work, signed_in)
                ACTS[form.get("act", "")](work, signed_in, form)
        except PasskeyRefused:
            return self._render(request, signed_in, refused=True)
        except (NotRegistered, KeyError):  # removed meanwhile, which is what was wanted
            return see_other(self.path)
        return see_other(f"{self.path}?done={form['act']}")

    def _add(self, request: Request, signed_in: SignedIn, form: Form) -> Response:
        person, session = signed_in.person, signed_in.session
        name = name_passkey(form.get("name", "")) or visit_at(request).device
        with self._realm.writing() as store:
            work = self._realm.work(store)
            check_may_change(work, signed_in)
            add_passkey(work, person, session.session_id, form.get("credential", ""), name)
            note(work, FACTOR_ADDED, signed_in.who, detail=NAME)
        return see_other(f"{self.path}?done=add")

    def _render(self, request: Request, signed_in: SignedIn, *, refused: bool = False) -> Response:
        person, session = signed_in.person, signed_in.session
        with self._realm.reading() as store:
            keys = store.passkeys.of_person(person.person_id)
            step = missing_step(self._realm.work(store), signed_in)
        context = {
            "keys": [(spell_id(key), key) for key in keys],
            "options": offer_new(self._realm, person, session.session_id, keys),
            "step": f"/{step}?return_to={self.path}" if step else "",
            "refused": refused,
            "done": DONE.get(request.query_params.get("done", "")),
        }
        status = BAD_REQUEST if refused else 200
        return self._frame.render(request, "identity/passkeys.html", context, status)


def _rename(work: Work, signed_in: SignedIn, form: Form) -> None:
    name = name_passkey(form.get("name", ""))
    if name:
        work.store.passkeys.rename(signed_in.person.person_id, read_id(form.get("key", "")), name)


def _remove(work: Work, signed_in: SignedIn, form: Form) -> None:
    if work.store.passkeys.remove(signed_in.person.person_id, read_id(form.get("key", ""))):
        note(work, FACTOR_REMOVED, signed_in.who, detail=NAME)


def _(text: str) -> str:
    """Mark a text for the catalogue; it is translated where it is shown."""
    return text


ACTS: Mapping[str, Callable[[Work, SignedIn, Form], None]] = {"rename": _rename, "remove": _remove}
DONE: Mapping[str, str] = {
    "add": _("通行密钥已经添加，下次可以用它登录。"),
    "rename": _("名称已经修改。"),
    "remove": _("通行密钥已经删除。"),
}
