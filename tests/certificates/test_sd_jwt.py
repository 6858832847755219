"""SD-JWT: published vectors, an independent implementation both ways, and every tampering."""

import os
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

from certificates.errors import FormatRejected, SignatureRejected
from certificates.formats import FORMATS, compact, sd_jwt
from certificates.formats.credential import Credential

CREDENTIAL = Credential(
    identifier="1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
    kind="https://haihe.example/types/credit-report",
    issuer="https://haihe.example",
    issuer_code="11430000006122244L",
    holder={"code": "91120101MA00030139", "name": "演示·海河餐饮有限公司"},
    fields={"number": "XY-1", "violations": "无"},
    issued_at=1_790_000_000,
    valid_from=1_790_000_000,
    valid_to=1_797_776_000,
    status_list="https://haihe.example/status-lists/0",
    status_index=7,
)


class Key:
    """A bare key; sd_jwt does not look into the certificates it carries along."""

    chain = (b"certificate",)

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())

    def sign(self, message: bytes) -> bytes:
        return compact.sign_es256(message, self.key)

    @property
    def jwk(self) -> JWK:
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return JWK.from_pem(pem)


KEY = Key()
TEXT = sd_jwt.write(CREDENTIAL, KEY, os.urandom)
SALTED = '["6qMQvRL5haj", "family_name", "Möbius"]'
values = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
names = st.text(st.characters(categories=["Ll"]), min_size=1, max_size=10)


def test_the_format_is_registered_by_its_media_type() -> None:
    assert FORMATS["application/dc+sd-jwt"] is sd_jwt


def test_a_disclosure_has_the_published_digest() -> None:
    disclosure = "WyI2cU1RdlJMNWhhaiIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"  # RFC 9901 §4.2.3
    assert compact.decode(disclosure).decode() == SALTED
    assert sd_jwt.digest(disclosure) == "uutlBuYeMDyjLLTpf6Jxi7yNkEF35jdyWMn9U7b_RYY"


def test_the_published_es256_signature_is_accepted_and_no_other() -> None:
    # RFC 7515 appendix A.3
    x = int.from_bytes(compact.decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"), "big")
    y = int.from_bytes(compact.decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"), "big")
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    signed = (
        b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
        b"cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    )
    signature = compact.decode(
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    )
    compact.verify_es256(signed, signature, key)
    for wrong in (signature[:-1], signature + b"\0", bytes(64), signature[32:] + signature[:32]):
        with pytest.raises(SignatureRejected):
            compact.verify_es256(signed, wrong, key)


@given(st.dictionaries(names, values, max_size=20), st.dictionaries(names, values, max_size=3))
def test_what_is_written_is_read(fields: dict[str, str], holder: dict[str, str]) -> None:
    credential = replace(CREDENTIAL, fields=fields, holder=holder, valid_to=None)
    reading = sd_jwt.read(sd_jwt.write(credential, KEY, os.urandom))
    sd_jwt.verify(reading, KEY.key.public_key())
    assert reading.credential == credential
    assert reading.chain == KEY.chain


def test_what_we_write_another_implementation_verifies() -> None:
    claims = SDJWTVerifier(TEXT, lambda _issuer, _header: KEY.jwk).get_verified_payload()
    assert claims["fields"] == CREDENTIAL.fields
    assert claims["holder"] == CREDENTIAL.holder
    assert claims["identifier"] == CREDENTIAL.identifier


def test_what_another_implementation_writes_we_verify() -> None:
    theirs = SDJWTIssuer(
        {
            "iss": CREDENTIAL.issuer,
            "vct": CREDENTIAL.kind,
            "iat": 1,
            "nbf": 2,
            "identifier": "i",
            "issuer_code": "c",
            "status": {"status_list": {"idx": 3, "uri": "u"}},
            "holder": {SDObj("name"): "甲"},
            "fields": {SDObj("number"): "1"},
        },
        KEY.jwk,
        sign_alg="ES256",
        extra_header_parameters={"typ": "dc+sd-jwt", "x5c": [b64encode(b"der").decode()]},
    )
    reading = sd_jwt.read(theirs.sd_jwt_issuance)
    sd_jwt.verify(reading, KEY.key.public_key())
    assert reading.credential.fields == {"number": "1"}
    assert reading.credential.holder == {"name": "甲"}


def test_withheld_fields_are_gone_and_the_signature_stays_good() -> None:
    reading = sd_jwt.read(sd_jwt.withhold(TEXT, ["number", "code"]))
    sd_jwt.verify(reading, KEY.key.public_key())
    assert reading.credential.fields == {"violations": "无"}
    assert reading.credential.holder == {"name": CREDENTIAL.holder["name"]}
    assert reading.core == sd_jwt.read(TEXT).core


def test_the_signed_part_holds_no_value_that_can_be_withheld() -> None:
    payload = compact.decode(TEXT.split(".")[1]).decode()
    for value in (*CREDENTIAL.fields.values(), *CREDENTIAL.holder.values()):
        assert value not in payload


@pytest.mark.parametrize("position", range(0, len(TEXT), 7))
def test_every_changed_character_is_noticed(position: int) -> None:
    changed = "A" if TEXT[position] != "A" else "B"
    with pytest.raises((FormatRejected, SignatureRejected)):
        sd_jwt.verify(
            sd_jwt.read(TEXT[:position] + changed + TEXT[position + 1 :]), KEY.key.public_key()
        )


def test_digests_are_sorted_so_that_their_order_tells_nothing() -> None:
    claims: dict[str, Any] = compact.load_object(compact.decode(TEXT.split(".")[1]))
    for hidden in (claims["holder"]["_sd"], claims["fields"]["_sd"]):
        assert hidden == sorted(hidden)


def test_a_signature_without_its_leading_zero_is_refused() -> None:
    signature = KEY.sign(b"x")
    while signature[32]:
        signature = KEY.sign(b"x")
    compact.verify_es256(b"x", signature, KEY.key.public_key())
    with pytest.raises(SignatureRejected):
        compact.verify_es256(b"x", signature[:32] + signature[33:], KEY.key.public_key())


def test_another_key_is_refused() -> None:
    with pytest.raises(SignatureRejected):
        sd_jwt.verify(sd_jwt.read(TEXT), Key().key.public_key())


def _claims(**changes: object) -> str:
    header, payload, _ = TEXT.split("~")[0].split(".")
    claims = compact.load_object(compact.decode(payload)) | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return f"{header}.{compact.encode(compact.dump(kept))}.{compact.encode(bytes(64))}~"


def _header(**changes: object) -> str:
    header, payload, signature = TEXT.split("~")[0].split(".")
    values = compact.load_object(compact.decode(header)) | changes
    return f"{compact.encode(compact.dump(values))}.{payload}.{signature}~"


FIRST = TEXT.split("~")[1]
DIGEST = sd_jwt.digest(FIRST)
TWIN = compact.encode(b'["another salt","code","v"]')
ARRAY = compact.encode(b'["salt","..."]')


@pytest.mark.parametrize(
    "text",
    [
        "",
        "~",
        "a.b~",
        TEXT[:-1],
        TEXT + "a.b.c",
        TEXT + FIRST + "~",
        TEXT.replace(FIRST, FIRST + "="),
        TEXT.replace(FIRST, FIRST + "\n"),
        TEXT.replace(FIRST, compact.encode(b'["s","n","v"]')),
        TEXT + "~" * 64,
        TEXT + "A" * 70_000 + "~",
        _header(alg="none"),
        _header(alg="HS256"),
        _header(typ="JWT"),
        _header(crit=["exp"]),
        _header(x5c="text"),
        _header(x5c=["!!!!"]),
        _header(x5c=["YQ"]),
        _header(x5c=["YR=="]),
        _claims(iss=None),
        _claims(extra=1),
        _claims(exp="soon"),
        _claims(iat=True),
        _claims(nbf=1.5),
        _claims(iat=-1),
        _claims(_sd_alg="sha-1"),
        _claims(vct=1),
        _claims(status={}),
        _claims(status={"status_list": {"idx": 1, "uri": "u", "more": 1}}),
        _claims(status={"status_list": {"idx": True, "uri": "u"}}),
        _claims(fields={"_sd": [DIGEST]}, holder={"_sd": [DIGEST]}),
        _claims(fields={"_sd": [DIGEST, DIGEST]}),
        _claims(fields={"_sd": [DIGEST], "number": "1"}),
        _claims(fields={"_sd": [1]}),
        _claims(holder="x"),
        _claims(holder={"_sd": [DIGEST, sd_jwt.digest(TWIN)]}) + f"{FIRST}~{TWIN}~",
        _claims(fields={"_sd": [sd_jwt.digest(ARRAY)]}) + ARRAY + "~",
        "e30.e30.e30~",
        f"{compact.encode(b'[' * 50_000)[:20_000]}.e30.e30~",
    ],
)
def test_anything_but_our_form_is_refused(text: str) -> None:
    with pytest.raises(FormatRejected):
        sd_jwt.read(text)


@pytest.mark.parametrize("data", [b'{"a":1,"a":2}', b"NaN", b"\xff", b"[" * 20_000, b"9" * 5_000])
def test_json_with_any_doubt_is_refused(data: bytes) -> None:
    with pytest.raises(FormatRejected):
        compact.load(data)


@pytest.mark.parametrize("text", ["QQ==", "QR", "Q", "Q+8", "Q Q", "é"])
def test_base64url_has_one_spelling(text: str) -> None:
    with pytest.raises(FormatRejected):
        compact.decode(text)
