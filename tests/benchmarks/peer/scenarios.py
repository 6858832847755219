"""What is asked of each provider: one function a scenario, called again and again."""

from collections.abc import Callable, Mapping

from tests.benchmarks.peer.line import Answer
from tests.benchmarks.peer.visitor import Unexpected, Visitor, read

Turn = Callable[[], None]
GOOD = 200


def flow(visitor: Visitor) -> Turn:
    """Authorize on a live session, redeem the code, ask who it is."""
    visitor.redeem(visitor.sign_in())

    def turn() -> None:
        token = visitor.redeem(visitor.authorize())["access_token"]
        _good(_who(visitor, token))

    return turn


def client_credentials(visitor: Visitor) -> Turn:
    """Get a signed token for an app on its own."""
    form = {"grant_type": "client_credentials", **visitor.party.wish}

    def turn() -> None:
        _good(visitor.post("token_endpoint", form, visitor.party.service))

    return turn


def userinfo(visitor: Visitor) -> Turn:
    """Ask who somebody is, with one token."""
    token = visitor.redeem(visitor.sign_in())["access_token"]
    return lambda: _good(_who(visitor, token))


def introspect(visitor: Visitor) -> Turn:
    """Ask what a token is good for."""
    form = {"token": visitor.redeem(visitor.sign_in())["access_token"]}

    def turn() -> None:
        answer = visitor.post("introspection_endpoint", form, visitor.party.web)
        if read(answer)["active"] is not True:
            raise Unexpected("the token is not active")

    return turn


def refresh(visitor: Visitor) -> Turn:
    """Trade each refresh token for the next."""
    held = visitor.redeem(visitor.sign_in(**visitor.party.lasting))["refresh_token"]

    def turn() -> None:
        nonlocal held
        form = {"grant_type": "refresh_token", "refresh_token": held}
        answer = read(visitor.post("token_endpoint", form, visitor.party.web))
        held = answer.get("refresh_token", held)

    return turn


def keys(visitor: Visitor) -> Turn:
    """Read the key set."""
    path = visitor.paths["jwks_uri"]
    return lambda: _good(visitor.line.ask("GET", path, {}))


def metadata(visitor: Visitor) -> Turn:
    """Read the discovery document."""
    path = "/.well-known/openid-configuration"
    return lambda: _good(visitor.line.ask("GET", path, {}))


SCENARIOS: Mapping[str, Callable[[Visitor], Turn]] = {
    "flow": flow,
    "cc": client_credentials,
    "userinfo": userinfo,
    "introspect": introspect,
    "refresh": refresh,
    "jwks": keys,
    "discovery": metadata,
}


def _who(visitor: Visitor, token: str) -> Answer:
    path = visitor.paths["userinfo_endpoint"]
    return visitor.line.ask("GET", path, {"Authorization": f"Bearer {token}"})


def _good(answer: Answer) -> None:
    if answer.status != GOOD:
        raise Unexpected(f"{answer.status}: {answer.body[:200]!r}")
