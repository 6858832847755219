"""The page on which mandates are granted, signed, suspended and taken back."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from identity.errors import MandateMissing, MandateRefused, NotRegistered
from identity.pages.frame import (
    BAD_REQUEST,
    Form,
    Frame,
    is_drafted_for,
    see_other,
    signed_in_at,
)
from identity.pages.words import POWER_WORDS, ROLE_WORDS
from identity.people.mandates import Mandate
from identity.people.subjects import Party
from identity.realm import Realm, Work
from identity.standing import cosigning, granting
from identity.standing.acting import SignedIn
from identity.standing.granting import APPOINTS, USUAL_DAYS, Offer

SIGN_IN = "/sign-in?return_to=/mandates"
GRANT = "grant"
MOST_DAY_DIGITS = 4
EMPTY = {"days": str(USUAL_DAYS)}


@dataclass(frozen=True)
class _Shown:
    """What the page lists."""

    own: Mandate | None
    granted: Sequence[Mandate]
    held: Sequence[Mandate]
    signed: frozenset[str]
    parties: Mapping[str, Party]


class MandatesPage:
    """Lists what was granted by the legal person acted for, and to the person who looks."""

    path = "/mandates"

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Show the lists and an empty form."""
        signed_in = signed_in_at(request, self._realm)
        if signed_in is None:
            return see_other(SIGN_IN)
        return self._render(request, signed_in, EMPTY)

    def receive(self, request: Request, form: Form) -> Response:
        """Grant, sign, suspend, resume, take back or give up."""
        signed_in = signed_in_at(request, self._realm)
        if signed_in is None:
            return see_other(SIGN_IN)
        act = form.get("act", "")
        try:
            with self._realm.writing() as store:
                work = self._realm.work(store)
                if act == GRANT:
                    granting.held_for_granting(work, signed_in)
                    _check_drafted(signed_in, form)
                    granting.grant(work, signed_in, read_offer(form))
                elif act in ACTS:
                    ACTS[act](work, signed_in, form.get("mandate", ""))
        except MandateRefused as refusal:
            typed = form if act == GRANT else EMPTY
            return self._render(request, signed_in, typed, refusal.field)
        except NotRegistered:  # somebody else was faster; the list shows how it stands
            return see_other(self.path)
        return see_other(f"{self.path}?done={act}")

    def _render(
        self, request: Request, signed_in: SignedIn, typed: Form, refused: str = ""
    ) -> Response:
        with self._realm.reading() as store:
            shown = _collect(self._realm.work(store), signed_in)
        own = shown.own
        context = {
            **vars(shown),
            "party": signed_in.party,
            "person": signed_in.person,
            "roles": ROLE_WORDS,
            "may_appoint": [role for role in ROLE_WORDS if own and role in APPOINTS[own.role]],
            "powers": POWER_WORDS,
            "matters": self._realm.matters,
            "typed": defaultdict(str, typed),  # a field that was not sent is empty
            "refused": REFUSED.get(refused),
            "field": refused,
            "done": DONE.get(request.query_params.get("done", "")),
            "now": self._realm.clock(),
        }
        status = BAD_REQUEST if refused else 200
        return self._frame.render(request, "identity/mandates.html", context, status)


def _check_drafted(signed_in: SignedIn, form: Form) -> None:
    """Check that an offer was written for the legal person acted for now.

    Raises:
        MandateRefused: it was written for another.
    """
    if signed_in.party is None or not is_drafted_for(form, signed_in.party):
        raise MandateRefused("party")


def _collect(work: Work, signed_in: SignedIn) -> _Shown:
    store, person_id = work.store, signed_in.person.person_id
    try:
        own: Mandate | None = granting.held_for_granting(work, signed_in)
    except MandateMissing:
        own = None
    granted = store.mandates.standing(own.legal_person_id, work.now) if own else ()
    held = [each for each in store.mandates.of_person(person_id) if not _is_over(each, work.now)]
    named = {mandate.person_id for mandate in granted}
    named |= {mandate.granted_by for mandate in granted if mandate.granted_by}
    named |= {mandate.legal_person_id for mandate in held}
    signed = store.mandates.has_signed(person_id)
    return _Shown(own, granted, held, signed, store.people.find_parties(named))


def _is_over(mandate: Mandate, now: int) -> bool:
    return mandate.revoked_at is not None or (
        mandate.valid_to is not None and mandate.valid_to <= now
    )


def read_offer(form: Form) -> Offer:
    """Read what is to be granted; what is not a number of days is none."""
    days = form.get("days", "").strip()
    chosen = _ticked(form, "matter.") if form.get("matters") == "chosen" else frozenset()
    if form.get("matters") == "chosen" and not chosen:
        raise MandateRefused("matters")
    return Offer(
        account=form.get("account", ""),
        name=form.get("name", ""),
        role=form.get("role", ""),
        powers=_ticked(form, "power."),
        matters=chosen,
        days=int(days) if days.isdecimal() and len(days) <= MOST_DAY_DIGITS else 0,
        joint="joint" in form,
    )


def _ticked(form: Form, prefix: str) -> frozenset[str]:
    return frozenset(name.removeprefix(prefix) for name in form if name.startswith(prefix))


def _(text: str) -> str:
    """Mark a text for the catalogue; it is translated where it is shown."""
    return text


def _sign(work: Work, signed_in: SignedIn, mandate_id: str) -> None:
    cosigning.sign(work, signed_in, mandate_id)


def _suspend(work: Work, signed_in: SignedIn, mandate_id: str) -> None:
    granting.suspend(work, signed_in, mandate_id)


def _resume(work: Work, signed_in: SignedIn, mandate_id: str) -> None:
    cosigning.resume(work, signed_in, mandate_id)


def _revoke(work: Work, signed_in: SignedIn, mandate_id: str) -> None:
    granting.withdraw(work, signed_in, mandate_id)


def _give_up(work: Work, signed_in: SignedIn, mandate_id: str) -> None:
    granting.give_up(work, signed_in, mandate_id)


ACTS: Mapping[str, Callable[[Work, SignedIn, str], None]] = {
    "sign": _sign,
    "suspend": _suspend,
    "resume": _resume,
    "revoke": _revoke,
    "give-up": _give_up,
}
DONE: Mapping[str, str] = {
    GRANT: _("已经授权。需要两人签署的，另一人签署后生效。"),
    "sign": _("已经签署，授权生效。"),
    "suspend": _("授权已经暂停，从现在起不能使用。"),
    "resume": _("授权已经恢复。需要两人签署的，另一人签署后生效。"),
    "revoke": _("授权已经撤销，从现在起不能使用。"),
    "give-up": _("您已经放弃这项授权。"),
}
REFUSED: Mapping[str, str] = {
    "party": _("您在别的窗口换了身份。请看清现在代表哪个单位，再授权。"),
    "person": _("没有找到这个人：账号和姓名要与登记的一致。"),
    "own": _("不能给自己授权，也不能签署自己的授权或自己发起的授权。"),
    "role": _("请选择一个您可以指定的身份。"),
    "powers": _("请至少选择一项权限，并且不超过您自己的权限。只有管理员可以授权他人。"),
    "matters": _("请至少选择一个事项，并且不超过您自己的事项。"),
    "days": _("请填写 1 到 1098 之间的天数。"),
    "signed": _("您已经签署过这项授权。"),
    "held": _("这项授权由登记机关暂停，只有登记机关可以恢复。"),
    "granter": _("先签署的人现在已经不能给出这项授权。请撤销后重新授权。"),
}
