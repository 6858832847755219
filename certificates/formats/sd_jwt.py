"""SD-JWT VC (RFC 9901, `dc+sd-jwt`): every field of a licence can be shown or withheld alone.

Selectively disclosable are the names inside the claims `holder` and `fields`, nothing else; the
identifier and the issuer are plain. The text is `<JWS>~<disclosure>~...~`, without key binding.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric import ec

from certificates.errors import FormatRejected
from certificates.formats import compact
from certificates.formats.credential import Credential, Random, Reading, Signing

MEDIA_TYPE = "application/dc+sd-jwt"
TYPE = "dc+sd-jwt"
LONGEST = 65_536  # characters
MOST_DISCLOSURES = 64
_HEADER = frozenset({"alg", "typ", "x5c"})
_TIMES = frozenset({"iat", "nbf", "exp"})
_TEXTS = frozenset({"iss", "vct", "identifier", "issuer_code", "_sd_alg"})
_REQUIRED = _TEXTS | (_TIMES - {"exp"}) | {"status", "holder", "fields"}
_HIDING = ("holder", "fields")


def write(credential: Credential, signer: Signing, random: Random) -> str:
    """Write and sign a credential with everything disclosed (RFC 9901 §4)."""
    disclosures = {
        "holder": [_disclosure(each, random) for each in credential.holder.items()],
        "fields": [_disclosure(each, random) for each in credential.fields.items()],
    }
    header = {"alg": "ES256", "typ": TYPE, "x5c": compact.certificates_header(signer.chain)}
    # Sorted, so that the order of digests says nothing (RFC 9901 §4.2.4.1).
    hidden = {name: {"_sd": sorted(map(digest, each))} for name, each in disclosures.items()}
    signed = compact.signing_input(header, _plain_claims(credential) | hidden)
    signature = compact.encode(signer.sign(signed.encode()))
    return "~".join([f"{signed}.{signature}", *disclosures["holder"], *disclosures["fields"], ""])


def digest(disclosure: str) -> str:
    """Digest of a disclosure, over its text as it is (RFC 9901 §4.2.3)."""
    return compact.encode(sha256(disclosure.encode()).digest())


def withhold(text: str, names: Iterable[str]) -> str:
    """Leave out the disclosures of some names (RFC 9901 §6)."""
    core, *disclosures, _end = text.split("~")
    hidden = frozenset(names)
    kept = [each for each in disclosures if _open(each)[0] not in hidden]
    return "~".join([core, *kept, ""])


def read(text: str) -> Reading:
    """Read a credential strictly, without checking its signature (RFC 9901 §7.1).

    Raises:
        FormatRejected: anything is missing, doubled, unknown or left over.
    """
    if len(text) > LONGEST or text.count("~") > MOST_DISCLOSURES + 1:
        raise FormatRejected("too long")
    if not text.endswith("~"):
        raise FormatRejected("does not end with ~; key binding is not accepted here")
    core, *disclosures = text[:-1].split("~")
    try:
        header, payload, signature = core.split(".")
    except ValueError as wrong:
        raise FormatRejected("a JWS has three parts") from wrong
    claims = _read_claims(compact.load_object(compact.decode(payload)))
    return Reading(
        credential=_credential(claims, _disclosed(claims, disclosures)),
        chain=_read_header(compact.load_object(compact.decode(header))),
        signed=f"{header}.{payload}".encode(),
        signature=compact.decode(signature),
        core=core,
    )


def verify(reading: Reading, key: ec.EllipticCurvePublicKey) -> None:
    """Check the signature (RFC 9901 §7.1 step 2).

    Raises:
        SignatureRejected: it is not that of the key.
    """
    compact.verify_es256(reading.signed, reading.signature, key)


def _disclosure(claim: tuple[str, str], random: Random) -> str:
    name, value = claim
    return compact.encode(compact.dump([compact.encode(random(16)), name, value]))


def _plain_claims(credential: Credential) -> dict[str, object]:
    claims: dict[str, object] = {
        "iss": credential.issuer,
        "vct": credential.kind,
        "iat": credential.issued_at,
        "nbf": credential.valid_from,
        "identifier": credential.identifier,
        "issuer_code": credential.issuer_code,
        "status": {"status_list": {"idx": credential.status_index, "uri": credential.status_list}},
        "_sd_alg": "sha-256",
    }
    return claims if credential.valid_to is None else claims | {"exp": credential.valid_to}


def _read_header(header: Mapping[str, object]) -> tuple[bytes, ...]:
    if header.keys() != _HEADER or header["alg"] != "ES256" or header["typ"] != TYPE:
        raise FormatRejected(f"the header is not that of {TYPE} with ES256 and x5c")
    return compact.read_certificates(header["x5c"])


def _read_claims(claims: Mapping[str, object]) -> Mapping[str, Any]:
    """Check that all claims are there and none besides, each of its type."""
    if not _REQUIRED <= claims.keys() <= _REQUIRED | {"exp"}:
        raise FormatRejected("a claim is missing or unknown")
    if claims["_sd_alg"] != "sha-256":
        raise FormatRejected("digests are by SHA-256")
    texts = all(isinstance(claims[name], str) for name in _TEXTS)
    times = all(_is_natural(claims[name]) for name in _TIMES & claims.keys())
    if not texts or not times:
        raise FormatRejected("a claim has the wrong type")
    _read_status(claims["status"])
    return claims


def _read_status(status: object) -> None:
    match status:
        case {"status_list": {"idx": index, "uri": str(), **more}, **others}:
            if _is_natural(index) and not more and not others:
                return
    raise FormatRejected("the status is not a place in a status list")


def _is_natural(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**53  # a bool is an int, a float no time


def _disclosed(
    claims: Mapping[str, object], disclosures: Sequence[str]
) -> Mapping[str, Mapping[str, str]]:
    """Match disclosures with digests (RFC 9901 §7.1 step 3): each used, none twice."""
    digests = {name: _digests(claims[name]) for name in _HIDING}
    every = [each for name in _HIDING for each in digests[name]]
    if len(set(every)) != len(every):
        raise FormatRejected("a digest twice")
    disclosed: dict[str, dict[str, str]] = {name: {} for name in _HIDING}
    for disclosure in disclosures:
        place = next((name for name in _HIDING if digest(disclosure) in digests[name]), None)
        if place is None:
            raise FormatRejected("a disclosure that was not signed")
        name, value = _open(disclosure)
        if name in disclosed[place]:
            raise FormatRejected("a claim disclosed twice")
        disclosed[place][name] = value
    return disclosed


def _digests(value: object) -> Sequence[str]:
    match value:
        case {"_sd": [*digests], **others} if not others:
            if len(digests) <= MOST_DISCLOSURES and all(isinstance(each, str) for each in digests):
                return cast("Sequence[str]", digests)
    raise FormatRejected("holder and fields hold digests alone")


def _open(disclosure: str) -> tuple[str, str]:
    """Open a disclosure (RFC 9901 §4.2.1); our values are texts."""
    match compact.load(compact.decode(disclosure)):
        case [str(), str(name), str(value)] if name not in {"_sd", "..."}:
            return name, value
    raise FormatRejected("a disclosure is a salt, a name and a text")


def _credential(
    claims: Mapping[str, Any], disclosed: Mapping[str, Mapping[str, str]]
) -> Credential:
    place = claims["status"]["status_list"]
    return Credential(
        identifier=claims["identifier"],
        kind=claims["vct"],
        issuer=claims["iss"],
        issuer_code=claims["issuer_code"],
        holder=disclosed["holder"],
        fields=disclosed["fields"],
        issued_at=claims["iat"],
        valid_from=claims["nbf"],
        valid_to=claims.get("exp"),
        status_list=place["uri"],
        status_index=place["idx"],
    )
