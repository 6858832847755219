"""Pages on the way to another provider and back."""

import json

from starlette.requests import Request
from starlette.responses import Response

from identity.authorization.authorizing import insists, wanted_acrs
from identity.errors import (
    FlowExpired,
    NotLinked,
    SignInPaused,
    UpstreamFailed,
)
from identity.pages.frame import (
    BAD_REQUEST,
    Form,
    Frame,
    address_of,
    see_other,
)
from identity.pages.onward import Onward, find_pending, read_onward
from identity.pages.second_factor import ask_step, half_way_in
from identity.pages.welcome import (
    asking_at,
    is_half_way,
    keep_waiting,
    let_in,
    note_failure,
    waiting_at,
)
from identity.people.assurance import ACR_VALUES, LEVELS
from identity.realm import Realm
from identity.sign_in import METHODS
from identity.sign_in import upstream as method
from identity.sign_in.tries import Count, count_try
from identity.sign_in.upstream_trips import STATE_BYTES, begin_trip
from identity.upstreams.configured import Upstream
from identity.upstreams.records import hash_secret

TRIPS = 60  # of one address within five minutes
TOO_MANY = 429
LINK_PATH = "/sign-in/link"


class DeparturePage:
    """Sends a browser to a provider."""

    path = "/sign-in/upstream"

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """Begin a trip to the provider that the address names."""
        onward = read_onward(self._realm, request.query_params)
        upstream = self._realm.upstreams.get(request.query_params.get("name", ""))
        if upstream is None:
            return see_other(onward.to("/sign-in"))
        secret = waiting_at(request, self._realm, method.NAME) or self._fresh_secret()
        try:
            count_try(self._realm, Count("upstream", address_of(request), TRIPS))
            address = self._begin(onward, upstream, secret)
        except (SignInPaused, UpstreamFailed) as failure:
            return failed(self._frame, request, onward, upstream, failure)
        response = see_other(address)
        keep_waiting(response, self._realm, method.NAME, secret)
        return response

    def receive(self, request: Request, form: Form) -> Response:  # noqa: ARG002
        """Take no form."""
        return see_other("/sign-in")

    def _begin(self, onward: Onward, upstream: Upstream, secret: str) -> str:
        with self._realm.reading() as store:
            pending = find_pending(self._realm.work(store), onward.flow)
        carried = json.dumps(dict(onward.hidden()))
        fresh, wanted = insists(pending), wanted_acrs(pending).split()
        levels = [level for level in LEVELS if ACR_VALUES[level - min(LEVELS)] in wanted]
        names = upstream.names_for(min(levels)) if levels else ""
        return begin_trip(self._realm, upstream, secret, carried, fresh=fresh, acr_values=names)

    def _fresh_secret(self) -> str:
        return self._realm.random(STATE_BYTES).hex()


class ArrivalPage:
    """Takes what a provider's browser brings back; one address for each provider."""

    path = "/sign-in/upstream/{provider}/callback"

    def __init__(self, realm: Realm, frame: Frame) -> None:
        self._realm = realm
        self._frame = frame

    def show(self, request: Request) -> Response:
        """End the trip; sign in, or ask whose account it is."""
        provider = request.path_params["provider"]
        upstream = self._realm.upstreams.get(provider)
        if upstream is None:
            raise FlowExpired("there is no such provider")
        onward = self._onward(request.query_params.get("state", ""))
        answer = {**request.query_params, "provider": provider}
        asking = asking_at(request, self._realm, method=method.NAME)
        try:
            proof = METHODS[method.NAME].prove(self._realm, answer, asking)
        except NotLinked as unknown:
            return see_other(onward.to(LINK_PATH, link=unknown.sealed))
        except UpstreamFailed as failure:
            note_failure(self._realm, request, None, method.NAME)
            return failed(self._frame, request, onward, upstream, failure)
        if is_half_way(self._realm, proof):
            half_way = half_way_in(self._realm, proof)
            return ask_step(self._realm, self._frame, request, onward, half_way)
        return let_in(self._realm, request, onward, proof, method.NAME)

    def receive(self, request: Request, form: Form) -> Response:  # noqa: ARG002
        """Take no form."""
        return see_other("/sign-in")

    def _onward(self, state: str) -> Onward:
        """Read where the person goes; the trip itself is checked when it ends.

        Raises:
            FlowExpired: there is no such trip.
        """
        with self._realm.reading() as store:
            trip = store.upstreams.find(hash_secret(state))
        if trip is None:
            raise FlowExpired("this sign-in was not begun here, or too long ago")
        return read_onward(self._realm, json.loads(trip.onward))


def failed(
    frame: Frame, request: Request, onward: Onward, upstream: Upstream, failure: Exception
) -> Response:
    """Say that a provider signed nobody in, and lead back."""
    paused = isinstance(failure, SignInPaused)
    context = {
        "upstream": upstream,
        "paused": paused,
        "detail": str(failure),
        "back": onward.to("/sign-in"),
    }
    status = TOO_MANY if paused else BAD_REQUEST
    return frame.render(request, "identity/upstream-failed.html", context, status)
