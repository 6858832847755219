"""The page to choose for whom to act; also for changing that without signing in again."""

from starlette.requests import Request
from starlette.responses import Response

from identity.asking.flow import ACT_FOR
from identity.asking.scopes import matters_of
from identity.errors import MandateMissing
from identity.pages.frame import BAD_REQUEST, Form, Frame, see_other, signed_in_at
from identity.pages.onward import Onward, find_pending, read_onward, welcome_app
from identity.pages.words import POWER_WORDS, ROLE_WORDS
from identity.people.mandates import POWERS
from identity.realm import Realm
from identity.standing.acting import SignedIn, cards_of, choose_party
from identity.standing.acting_for import cards_that_fit

SELF = "self"


class ActForPage:
    """Asks for whom somebody acts."""

    path = "/act-for"

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Show one card for each choice."""
        onward = read_onward(self._realm, request.query_params)
        signed_in = signed_in_at(request, self._realm)
        if signed_in is None:
            return see_other(onward.to("/sign-in"))
        return self._render(request, onward, signed_in)

    def receive(self, request: Request, form: Form) -> Response:
        """Act for the one chosen."""
        onward = read_onward(self._realm, form)
        signed_in = signed_in_at(request, self._realm)
        if signed_in is None:
            return see_other(onward.to("/sign-in"))
        chosen = form.get("party", SELF)
        party_id = signed_in.person.person_id if chosen == SELF else chosen
        try:
            with self._realm.writing() as store:
                choose_party(self._realm.work(store), signed_in, party_id)
        except MandateMissing:
            return self._render(request, onward, signed_in, gone=True)
        return see_other(onward.after(ACT_FOR, signed_in.session.session_id).address())

    def _render(
        self, request: Request, onward: Onward, signed_in: SignedIn, *, gone: bool = False
    ) -> Response:
        with self._realm.reading() as store:
            work = self._realm.work(store)
            cards = cards_of(work, signed_in.person)
            last = store.sessions.find_last_party(signed_in.person.person_id)
            pending = find_pending(work, onward.flow)
            needed = bool(pending and matters_of(pending.scopes))
            if pending and needed:
                fitting = cards_that_fit(work, signed_in.person, pending.scopes)
                cards = [card for card in cards if card.party.party_id in fitting]
        context = {
            "client": welcome_app(self._frame, request, pending),
            "hidden": onward.hidden(),
            "cards": cards,
            "person_id": signed_in.person.person_id,
            "current": signed_in.party.party_id if signed_in.party else None,
            "last": last,
            "gone": gone,
            "needed": needed,
            "roles": ROLE_WORDS,
            "powers": {power: POWER_WORDS[power] for power in sorted(POWERS)},
        }
        status = BAD_REQUEST if gone else 200
        return self._frame.render(request, "identity/act-for.html", context, status)
