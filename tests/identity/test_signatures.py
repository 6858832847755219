"""Tokens of ours are read fast and as strictly as ever; joserfc is the oracle."""

import base64
import hmac
import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from identity.errors import BadAccessToken
from identity.signing import signatures
from identity.signing.keys import ALGORITHM, ALGORITHMS, KINDS, Key, KeyRing
from identity.signing.tokens import ACCESS, ID, sign_token, verify_signature, verify_token

CLAIMS: dict[str, Any] = {"sub": "海河", "exp": 1, "aud": ["a", "b"], "cnf": {"jkt": "x"}}


def ring() -> KeyRing:
    keys: list[Key] = []
    for algorithm in ALGORITHMS:
        kind = KINDS[algorithm]
        key = kind.make()
        named = {"kid": key.thumbprint(), "use": "sig", "alg": algorithm}
        keys.append(kind.read({**key.as_dict(private=True), **named}))
    return KeyRing(keys, {str(key.alg): key for key in keys})


KEYS = ring()
SIGNING = KEYS.signing_by[ALGORITHM]


def refused(token: str, kind: str = ACCESS, keys: KeyRing = KEYS) -> None:
    for _ in range(2):  # being refused once makes nobody known
        with pytest.raises(BadAccessToken):
            verify_signature(keys, kind, token)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_joserfc_reads_what_we_write_and_we_read_what_it_writes(algorithm: str) -> None:
    token, key = sign_token(KEYS, ID, CLAIMS, algorithm), KEYS.signing_by[algorithm]
    read = jwt.decode(token, key, [algorithm])
    assert read.claims == CLAIMS
    assert read.header == {"alg": algorithm, "typ": ID, "kid": key.kid}
    written = jwt.encode({"alg": algorithm, "typ": ID, "kid": key.kid}, CLAIMS, key, [algorithm])
    for _ in range(2):  # checked, then known
        assert verify_signature(KEYS, ID, written) == CLAIMS


@settings(deadline=None)  # whatever else this machine does
@given(st.data())
def test_a_token_that_was_seen_vouches_for_no_other(data: st.DataObject) -> None:
    token = sign_token(KEYS, ACCESS, CLAIMS)
    assert verify_signature(KEYS, ACCESS, token) == CLAIMS
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(
        st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0189-_.=é")
    )
    changed = token[:place] + other + token[place + 1 :]
    if changed != token and _means_something_else(token, changed):
        refused(changed)


def _means_something_else(token: str, changed: str) -> bool:
    """Base64 has several spellings of the last bits of a text; they are one signature."""
    head, _, signature = token.rpartition(".")
    other_head, _, other = changed.rpartition(".")
    try:
        same = _bytes(signature) == _bytes(other)
    except ValueError:
        return True
    return not (head == other_head and same)


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def test_what_is_read_can_be_changed_without_changing_what_is_read_next() -> None:
    token = sign_token(KEYS, ACCESS, CLAIMS)
    verify_signature(KEYS, ACCESS, token)["cnf"]["jkt"] = "forged"
    assert verify_signature(KEYS, ACCESS, token) == CLAIMS


@pytest.mark.line(25)
def test_no_kind_passes_for_another() -> None:
    refused(sign_token(KEYS, ID, CLAIMS))
    refused(sign_token(KEYS, ACCESS, CLAIMS), ID)


@pytest.mark.line(26)
@pytest.mark.parametrize(
    "change", [{"crit": ["exp"]}, {"typ": "AT+JWT"}, {"kid": "other"}, {"x": 1}]
)
def test_a_header_that_is_not_ours_to_the_letter_is_refused(change: dict[str, Any]) -> None:
    header = {"typ": ACCESS, "alg": ALGORITHM, "kid": SIGNING.kid} | change
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    message = encoded + "." + sign_token(KEYS, ACCESS, CLAIMS).split(".")[1]
    signature = JWSRegistry.algorithms[ALGORITHM].sign(message.encode(), SIGNING)
    refused(message + "." + base64.urlsafe_b64encode(signature).rstrip(b"=").decode())


@pytest.mark.parametrize("kind", [ACCESS, ID])
def test_a_token_whose_header_was_written_in_the_former_order_still_counts(kind: str) -> None:
    """Tokens live on when a new version starts: `alg` stood first."""
    header = {"alg": ALGORITHM, "typ": kind, "kid": SIGNING.kid}
    encoded = _text(json.dumps(header, separators=(",", ":")).encode())
    message = encoded + "." + sign_token(KEYS, kind, CLAIMS).split(".")[1]
    signature = JWSRegistry.algorithms[ALGORITHM].sign(message.encode(), SIGNING)
    token = message + "." + _text(signature)
    for _ in range(2):  # checked, then known
        assert verify_signature(KEYS, kind, token) == CLAIMS
    refused(token, ID if kind == ACCESS else ACCESS)


@pytest.mark.line(26)
@pytest.mark.parametrize("signed", ["{head}.{body}.x", "{head}.{body}.{body}", "{head}"])
def test_a_token_has_three_parts_even_if_its_signature_is_right(signed: str) -> None:
    head, body, _ = sign_token(KEYS, ACCESS, CLAIMS).split(".")
    message = signed.format(head=head, body=body)
    signature = JWSRegistry.algorithms[ALGORITHM].sign(message.encode(), SIGNING)
    refused(message + "." + _text(signature))


@pytest.mark.line(26)
def test_no_signature_at_all_and_a_public_key_as_a_secret_are_refused() -> None:
    token = sign_token(KEYS, ACCESS, CLAIMS)
    head, body, _ = token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').rstrip(b"=").decode()
    for wrong in (f"{none}.{body}.", f"{head}.{body}.", f"{head}.{body}", head, "", "...", "é.é.é"):
        refused(wrong)
    named = {"alg": "HS256", "typ": ACCESS, "kid": SIGNING.kid}
    encoded = base64.urlsafe_b64encode(json.dumps(named).encode()).rstrip(b"=").decode()
    signed = hmac.digest(SIGNING.as_pem(private=False), f"{encoded}.{body}".encode(), "sha256")
    refused(f"{encoded}.{body}.{base64.urlsafe_b64encode(signed).rstrip(b'=').decode()}")


def test_a_token_that_was_seen_is_refused_once_its_key_is_gone() -> None:
    token = sign_token(KEYS, ACCESS, CLAIMS)
    assert verify_signature(KEYS, ACCESS, token) == CLAIMS
    left = [key for key in KEYS.keys if key is not SIGNING]
    refused(token, keys=KeyRing(left, KEYS.signing_by))


def test_only_a_key_for_signatures_checks_any() -> None:
    keys = ring()
    key = keys.signing_by[ALGORITHM]
    token = sign_token(keys, ACCESS, CLAIMS)
    unlabelled = {**key.as_dict(private=True), "use": "enc"}
    refused(token, keys=KeyRing([ECKey.import_key(unlabelled)], {}))
    unlabelled["use"] = "sig"
    assert verify_signature(KeyRing([ECKey.import_key(unlabelled)], {}), ACCESS, token) == CLAIMS


@pytest.mark.line(23)
def test_a_token_that_was_seen_expires_and_belongs_to_one_issuer_all_the_same() -> None:
    claims = {"iss": "https://one.example", "aud": "api", "exp": 100}
    token = sign_token(KEYS, ACCESS, claims)
    assert verify_token(KEYS, token, "https://one.example", ["api"], 99) == claims
    for issuer, audience, now in (
        ("https://one.example", "api", 100),
        ("https://other.example", "api", 99),
        ("https://one.example", "other", 99),
    ):
        with pytest.raises(BadAccessToken):
            verify_token(KEYS, token, issuer, [audience], now)


def test_another_ring_knows_nothing_of_it() -> None:
    token = sign_token(KEYS, ACCESS, CLAIMS)
    refused(token, keys=ring())
    stranger = ECKey.generate_key("P-256")
    named = {"alg": ALGORITHM, "typ": ACCESS, "kid": SIGNING.kid}
    refused(jwt.encode(named, CLAIMS, stranger, [ALGORITHM]))


def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = ring()
    monkeypatch.setattr(signatures, "MOST_KNOWN", 10)
    tokens = [sign_token(keys, ACCESS, {"jti": str(number)}) for number in range(25)]
    assert set(keys.known_good) == {sha256(token.encode()).digest() for token in tokens[15:]}
    for token in tokens:
        assert verify_signature(keys, ACCESS, token)
    assert len(keys.known_good) == 10
