"""The OpenID Foundation suite's modules for FAPI-CIBA, one test of the same name each.

The suite's apps sign their requests and prove themselves by signed assertions.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from identity.apps.options import Options
from identity.asking.decoupled import CIBA_GRANT, INTERVAL_SECONDS
from identity.elsewhere.ciba import MOST_MESSAGE, USUAL_SECONDS
from identity.signing.tokens import ID, verify_signature
from identity.telling.posting import send_due
from tests.identity.browser import basic
from tests.identity.clerks import (
    SECRET,
    add_apps,
    answer_first,
    ask,
    ask_signed,
    begun,
    person_at,
    poll,
    poll_signed,
    refused,
    request_object,
)
from tests.identity.conftest import Site
from tests.identity.holding import claims_of
from tests.identity.receiving import Receiver, receiving
from tests.identity.signing import STRANGER, add_signer, assertion, proving
from tests.identity.test_client_certificates import GOOD
from tests.identity.world import EVERYTHING

module = pytest.mark.module
HOUR = 3600


@pytest.fixture
def apps(site: Site) -> Site:
    add_apps(site.world)
    return site


def test_request_and_approval(apps: Site) -> None:
    """What the modules below have in common works."""
    asked = begun(ask_signed(apps))
    refused(poll_signed(apps, asked), "authorization_pending")
    answer_first(person_at(apps))
    assert poll_signed(apps, asked).status_code == 200


@module("fapi-ciba-id1-discovery-end-point-verification")
def test_fapi_ciba_id1_discovery_end_point_verification(apps: Site) -> None:
    metadata = httpx.get(f"{apps.url}/.well-known/openid-configuration").json()
    assert metadata["backchannel_authentication_endpoint"] == f"{apps.url}/bc-authorize"
    assert metadata["backchannel_token_delivery_modes_supported"] == ["poll", "ping"]
    signing = metadata["backchannel_authentication_request_signing_alg_values_supported"]
    assert {"PS256", "ES256"} <= set(signing)
    assert "RS256" not in signing
    assert metadata["backchannel_user_code_parameter_supported"] is False
    assert CIBA_GRANT in metadata["grant_types_supported"]


@module("fapi-ciba-id1")
def test_fapi_ciba_id1(apps: Site) -> None:
    asked = begun(ask_signed(apps))
    assert asked["expires_in"] == USUAL_SECONDS
    assert asked["interval"] == INTERVAL_SECONDS
    assert len(asked["auth_req_id"]) * 6 >= 160
    assert asked["auth_req_id"].replace("-", "").replace("_", "").isalnum()
    answer_first(person_at(apps))
    answer = poll_signed(apps, asked)
    assert answer.status_code == 200, answer.text
    tokens, realm = answer.json(), apps.world.realm
    assert tokens["token_type"] == "Bearer"
    claims = verify_signature(realm.keys, ID, tokens["id_token"])
    assert claims["aud"] == "bank"
    reader = apps.world.person("reader").person_id
    assert realm.seals.open_subject(claims["sub"], "client:bank") == reader
    assert {"acr", "auth_time", "amr", "at_hash"} <= claims.keys()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert httpx.get(f"{apps.url}/userinfo", headers=bearer).json()["name"] == "演示·赵静"


@module("fapi-ciba-id1-user-rejects-authentication")
def test_fapi_ciba_id1_user_rejects_authentication(apps: Site) -> None:
    asked = begun(ask_signed(apps))
    answer_first(person_at(apps), "refuse")
    refused(poll_signed(apps, asked), "access_denied")


@module("fapi-ciba-id1-multiple-call-to-token-endpoint")
def test_fapi_ciba_id1_multiple_call_to_token_endpoint(apps: Site) -> None:
    asked = begun(ask_signed(apps))
    refused(poll_signed(apps, asked), "authorization_pending")
    refused(poll_signed(apps, asked), "slow_down")
    answer_first(person_at(apps))
    assert poll_signed(apps, asked).status_code == 200
    refused(poll_signed(apps, asked), "invalid_grant")


@module("fapi-ciba-id1-auth-req-id-expired")
def test_fapi_ciba_id1_auth_req_id_expired(apps: Site) -> None:
    asked = begun(ask_signed(apps, request_object(apps, requested_expiry=30)))
    assert asked["expires_in"] == 30
    apps.world.clock.now += 29
    refused(poll_signed(apps, asked), "authorization_pending")
    apps.world.clock.now += 1
    refused(poll_signed(apps, asked), "expired_token")


@module("fapi-ciba-id1-ensure-authorization-request-with-binding-message-succeeds")
def test_binding_message_succeeds(apps: Site) -> None:
    begun(ask_signed(apps, request_object(apps, binding_message="1234")))
    assert "1234" in person_at(apps).http.get("/approvals").text


@module("fapi-ciba-id1-ensure-authorization-request-with-potentially-bad-binding-message")
@pytest.mark.parametrize(
    ("message", "taken"),
    [("办" * MOST_MESSAGE, True), ("办" * (MOST_MESSAGE + 1), False), ("a\nb", False)],
)
def test_potentially_bad_binding_message(apps: Site, message: str, taken: bool) -> None:
    answer = ask_signed(apps, request_object(apps, binding_message=message))
    if taken:
        begun(answer)
    else:
        refused(answer, "invalid_binding_message")


@module("fapi-ciba-id1-ensure-other-scope-order-succeeds")
def test_other_scope_order_succeeds(apps: Site) -> None:
    begun(ask_signed(apps, request_object(apps, scope="profile openid")))


@module("fapi-ciba-id1-ensure-requested-expiry-as-string-succeeds")
def test_requested_expiry_as_string_succeeds(apps: Site) -> None:
    asked = begun(ask_signed(apps, request_object(apps, requested_expiry="30")))
    assert asked["expires_in"] == 30


def _bad(name: str, **changes: Any) -> Any:
    mark = module(f"fapi-ciba-id1-ensure-request-object-{name}-fails")
    return pytest.param(changes, marks=mark, id=name)


@pytest.mark.parametrize(
    "changes",
    [
        _bad("missing-aud", aud=None),
        _bad("bad-aud", aud="https://elsewhere.example"),
        _bad("missing-iss", iss=None),
        _bad("bad-iss", iss="bank-2"),
        _bad("missing-exp", exp=None),
        _bad("expired-exp", exp=-1),
        _bad("exp-is-70-minutes-in-future", exp=70 * 60),
        _bad("missing-iat", iat=None),
        _bad("missing-nbf", nbf=None),
        _bad("nbf-is-10-minutes-in-future", nbf=600, exp=1200),
        _bad("nbf-is-70-minutes-in-past", nbf=-70 * 60),
        _bad("missing-jti", jti=None),
    ],
)
def test_a_request_object_that_is_wrong_fails(apps: Site, changes: dict[str, Any]) -> None:
    now = apps.world.clock.now
    timed = {n: now + v if isinstance(v, int) else v for n, v in changes.items()}
    refused(ask_signed(apps, request_object(apps, **timed)), "invalid_request")


@module("fapi-ciba-id1-ensure-request-object-signature-algorithm-is-none-fails")
def test_unsigned_object_fails(apps: Site) -> None:
    refused(ask_signed(apps, request_object(apps, alg="none")), "invalid_request")


@module("fapi-ciba-id1-ensure-request-object-signature-algorithm-is-RS256-fails")
def test_object_with_rs256_fails(apps: Site) -> None:
    refused(ask_signed(apps, request_object(apps, alg="RS256")), "invalid_request")


@module("fapi-ciba-id1-ensure-request-object-signature-algorithm-is-bad-fails")
def test_object_with_another_algorithm_than_registered_fails(apps: Site) -> None:
    refused(ask_signed(apps, request_object(apps, alg="PS256")), "invalid_request")


@module("fapi-ciba-id1-ensure-request-object-signed-by-other-client-fails")
def test_object_signed_by_somebody_else_fails(apps: Site) -> None:
    refused(ask_signed(apps, request_object(apps, key=STRANGER)), "invalid_request")


def test_a_request_object_works_once(apps: Site) -> None:
    text = request_object(apps)
    begun(ask_signed(apps, text))
    refused(ask_signed(apps, text), "invalid_request")


def test_what_stands_beside_a_request_object_does_not_count(apps: Site) -> None:
    begun(ask_signed(apps, scope="openid licence.read", login_hint="agent"))
    assert "查看您或您代表的单位的电子证照" not in person_at(apps).http.get("/approvals").text


@module("fapi-ciba-id1-ensure-unsigned-backchannel-authorization-request-fails")
def test_unsigned_request_fails(apps: Site) -> None:
    form = {"scope": "openid", "login_hint": "reader", **proving(assertion(apps.world, "bank"))}
    refused(httpx.post(f"{apps.url}/bc-authorize", data=form), "invalid_request")


@module("fapi-ciba-id1-ensure-authorization-request-with-multiple-hints-fails")
def test_multiple_hints_fail(apps: Site) -> None:
    text = request_object(apps, id_token_hint="x")
    refused(ask_signed(apps, text), "invalid_request")


@module("fapi-ciba-id1-ensure-wrong-auth-req-id-in-token-endpoint-request")
def test_wrong_auth_req_id(apps: Site) -> None:
    asked = begun(ask_signed(apps))
    wrong = poll_signed(apps, {"auth_req_id": asked["auth_req_id"][:-2] + "AA"})
    refused(wrong, "invalid_grant")
    refused(poll_signed(apps, {"auth_req_id": ""}), "invalid_request")


@module("fapi-ciba-id1-ensure-different-client-id-and-issuer-in-backchannel-authorization-request")
def test_different_client_id_and_issuer(apps: Site) -> None:
    form = {"request": request_object(apps), **proving(assertion(apps.world, "bank-2"))}
    refused(httpx.post(f"{apps.url}/bc-authorize", data=form), "invalid_request")


@module("fapi-ciba-id1-ensure-wrong-client-id-in-token-endpoint-request")
def test_wrong_client_id_at_the_token_endpoint(apps: Site) -> None:
    asked = begun(ask_signed(apps))
    answer_first(person_at(apps))
    refused(poll_signed(apps, asked, client_id="bank-2"), "invalid_request", "invalid_client")
    others = proving(assertion(apps.world, "bank-2"))
    refused(poll_signed(apps, asked, **others), "invalid_grant")
    assert poll_signed(apps, asked).status_code == 200


@module("fapi-ciba-id1-ensure-wrong-client-id-in-backchannel-authorization-request")
def test_wrong_client_id_at_the_backchannel_endpoint(apps: Site) -> None:
    refused(ask_signed(apps, client_id="bank-2"), "invalid_request", "invalid_client")


@module("fapi-ciba-id1-ensure-without-client-assertion-in-token-endpoint-request")
def test_no_assertion_at_the_token_endpoint(apps: Site) -> None:
    form = {"grant_type": CIBA_GRANT, "client_id": "bank"}
    form |= {"auth_req_id": begun(ask_signed(apps))["auth_req_id"]}
    refused(httpx.post(f"{apps.url}/token", data=form), "invalid_client")


@module("fapi-ciba-id1-ensure-without-client-assertion-in-backchannel-authorization-request")
def test_no_assertion_at_the_backchannel_endpoint(apps: Site) -> None:
    form = {"request": request_object(apps), "client_id": "bank"}
    refused(httpx.post(f"{apps.url}/bc-authorize", data=form), "invalid_client")


RS256_AT = "fapi-ciba-id1-ensure-client-assertion-signature-algorithm-in"


@module(f"{RS256_AT}-backchannel-authorization-request-is-RS256-fails")
def test_assertion_with_rs256_at_the_backchannel_endpoint(apps: Site) -> None:
    weak = proving(assertion(apps.world, "bank", alg="RS256"))
    refused(ask_signed(apps, **weak), "invalid_client")


@module(f"{RS256_AT}-token-endpoint-request-is-RS256-fails")
def test_assertion_with_rs256_at_the_token_endpoint(apps: Site) -> None:
    weak = proving(assertion(apps.world, "bank", alg="RS256"))
    refused(poll_signed(apps, begun(ask_signed(apps)), **weak), "invalid_client")


@module("fapi-ciba-id1-ensure-client-assertion-with-iss-aud-to-token-endpoint-succeeds")
@pytest.mark.parametrize("path", ["", "/token", "/bc-authorize"])
def test_an_assertion_names_us_by_any_of_three_addresses(apps: Site, path: str) -> None:
    """CIBA Core §7.1 wants all three taken, at both endpoints."""

    def named() -> dict[str, str]:
        return proving(assertion(apps.world, "bank", aud=apps.url + path))

    asked = begun(ask_signed(apps, **named()))
    refused(poll_signed(apps, asked, **named()), "authorization_pending")
    elsewhere = proving(assertion(apps.world, "bank", aud=apps.url + "/introspect"))
    refused(ask_signed(apps, **elsewhere), "invalid_client")


@module("fapi-ciba-id1-ensure-mtls-holder-of-key-required")
def test_mtls_holder_of_key_required(apps: Site) -> None:
    options = Options(grant_types=(CIBA_GRANT,), tls_client_certificate_bound_access_tokens=True)
    add_signer(apps.world, "bank-bound", scopes=EVERYTHING, options=options)

    def send(path: str, **form: str) -> httpx.Response:
        proof = proving(assertion(apps.world, "bank-bound"))
        return httpx.post(apps.url + path, data=form | proof, headers=shown)

    shown: dict[str, str] = {}
    asked = begun(send("/bc-authorize", request=request_object(apps, iss="bank-bound")))
    answer_first(person_at(apps))
    form = {"grant_type": CIBA_GRANT, "auth_req_id": asked["auth_req_id"]}
    refused(send("/token", **form), "invalid_request")
    shown = GOOD.headers()
    tokens = send("/token", **form).json()
    assert claims_of(tokens["access_token"])["cnf"].keys() == {"x5t#S256"}


@module("fapi-ciba-id1-refresh-token")
def test_fapi_ciba_id1_refresh_token(apps: Site) -> None:
    text = request_object(apps, scope="openid profile offline_access")
    asked = begun(ask_signed(apps, text))
    answer_first(person_at(apps))
    tokens = poll_signed(apps, asked).json()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    form |= proving(assertion(apps.world, "bank"))
    again = httpx.post(f"{apps.url}/token", data=form)
    assert again.status_code == 200, again.text
    keys = apps.world.realm.keys
    before, after = (verify_signature(keys, ID, t["id_token"]) for t in (tokens, again.json()))
    assert (before["sub"], before["auth_time"]) == (after["sub"], after["auth_time"])


@pytest.fixture
def pinged(site: Site) -> Iterator[Receiver]:
    """A receiver at which the app `pinged` wants to be told."""
    with receiving() as receiver:
        with site.world.working() as work:
            work.store.clients.remove("pinged")
        add_apps(site.world, receiver.url + "/ping")
        yield receiver


def ping_after(site: Site, decision: str = "allow") -> dict[str, Any]:
    asked = begun(ask(site, "pinged", client_notification_token="a.token-of/the+app=="))
    answer_first(person_at(site), decision)
    while send_due(site.world.realm):
        pass
    return asked


@module("fapi-ciba-id1-ping-backchannel-notification-endpoint-response-has-body")
def test_ping_response_has_body(site: Site, pinged: Receiver) -> None:
    pinged.answer, pinged.statuses = b'{"some": "body"}', [200]
    asked = ping_after(site)
    (got,) = pinged.received
    assert got.path == "/ping"
    assert got.headers["authorization"] == "Bearer a.token-of/the+app=="
    assert got.headers["content-type"] == "application/json"
    assert got.body == b'{"auth_req_id":"%s"}' % asked["auth_req_id"].encode()
    assert poll(site, asked, "pinged").status_code == 200


PING_ANSWER = "fapi-ciba-id1-ping-backchannel-notification-endpoint"


@pytest.mark.parametrize(
    "status",
    [
        pytest.param(401, marks=module(f"{PING_ANSWER}-response-401")),
        pytest.param(403, marks=module(f"{PING_ANSWER}-response-403")),
        pytest.param(303, marks=module(f"{PING_ANSWER}-return-redirect-request")),
    ],
)
def test_ping_that_is_refused_is_neither_repeated_nor_followed(
    site: Site, pinged: Receiver, status: int
) -> None:
    pinged.statuses = [status]
    asked = ping_after(site)
    site.world.clock.now += 30
    send_due(site.world.realm)
    assert [got.path for got in pinged.received] == ["/ping"]
    assert poll(site, asked, "pinged").status_code == 200


def test_a_refusal_is_told_as_well(site: Site, pinged: Receiver) -> None:
    asked = ping_after(site, "refuse")
    assert len(pinged.received) == 1
    refused(poll(site, asked, "pinged"), "access_denied")


@pytest.mark.parametrize("token", [None, "with space", "ä", "x" * 1025, "=="])
def test_an_app_that_wants_to_be_told_brings_a_token(
    site: Site, pinged: Receiver, token: str | None
) -> None:
    refused(ask(site, "pinged", client_notification_token=token), "invalid_request")
    longest = ask(site, "pinged", client_notification_token="x" * 1024)
    assert longest.status_code == 200


def test_an_app_that_polls_is_told_nothing(apps: Site) -> None:
    asked = begun(ask(apps, client_notification_token="token"))
    answer_first(person_at(apps))
    with apps.world.working() as work:
        assert not work.store.deliveries.of_client("window", 10)
    assert poll(apps, asked).status_code == 200
    wrong = {"grant_type": CIBA_GRANT, "auth_req_id": asked["auth_req_id"]}
    answer = httpx.post(f"{apps.url}/token", data=wrong, headers=basic("no-ciba", SECRET))
    refused(answer, "unauthorized_client")
