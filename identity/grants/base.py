"""What all grants of ours share."""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError

from identity.apps.clients import AUTH_METHODS, Client
from identity.asking.details import PARAMETER
from identity.errors import MandateMissing
from identity.grants.particulars import narrowed_particulars
from identity.issued.authorizations import Authorization
from identity.realm import Work
from identity.standing.acting import powers_for
from identity.store.authorizations import Holder
from identity.telling.responding import QUERY, is_allowed


class Ours:
    """A grant inside one request: the transaction and the time are the server's."""

    TOKEN_ENDPOINT_AUTH_METHODS = list(AUTH_METHODS)
    server: Any
    request: Any

    def may_answer(self, client: Client, mode: str) -> bool:
        """Tell whether an app may be answered in a way."""
        return is_allowed(client, mode or QUERY)

    @property
    def work(self) -> Work:
        """The realm, the transaction and the time of this request."""
        work: Work = self.server.work
        return work

    @property
    def is_plain(self) -> bool:
        """Whether the request asks for no less than was granted, and shows no key."""
        wants = {"scope", PARAMETER} & self.request.form.keys()
        return not (wants or self.request.parameters.resources or self.server.confirmation)

    @property
    def holder(self) -> Holder:
        """The app that asks, as the rows know it."""
        return Holder(self.request.client.client.client_id, self.work.realm.demo_allowed)

    def narrow(self, authorization: Authorization) -> None:
        """Note what the token to come is for; before anything is used up.

        Raises:
            OAuth2Error: the request wants more than was granted.
        """
        request, realm = self.request, self.work.realm
        self.server.particulars = narrowed_particulars(
            realm, request.client.client, request.parameters, authorization
        )


def check_still_allowed(work: Work, authorization: Authorization, *, real: bool = False) -> None:
    """Check that the mandate behind an authorization still holds.

    Args:
        work: the request's share of the realm.
        authorization: what a person allowed.
        real: that person may act here, which was seen already.

    Raises:
        InvalidGrantError: it does not, or the person is one of the demo data.
    """
    if not (real or work.realm.demo_allowed):
        _check_real(work, authorization.person_id)
    try:
        powers_for(work, authorization.person_id, authorization.party_id, authorization.scopes)
    except MandateMissing:
        raise InvalidGrantError("the mandate behind this grant has ended") from None


def _check_real(work: Work, person_id: str) -> None:
    person = work.store.people.find_person(person_id)
    if person is None or person.demo:
        raise InvalidGrantError("this person exists only with demo data")
