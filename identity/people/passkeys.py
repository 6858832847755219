"""Passkeys (WebAuthn Level 3): a key on a person's device that signs for this address alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from json import JSONDecodeError, loads
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from identity.errors import PasskeyRefused

NAME_CHARACTERS = 40
MOST_CHARACTERS = 16 * 1024
TIMEOUT_MS = 5 * 60 * 1000
RP_NAME = "海河 Haihe"
# What the library and Python raise over bytes that are no answer of an authenticator.
MALFORMED = (
    WebAuthnException,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    UnsupportedAlgorithm,
)


@dataclass(frozen=True)
class Passkey:
    """One key of a person.

    Attributes:
        credential_id: the authenticator's name for it.
        person_id: whose it is.
        public_key: COSE key.
        sign_count: how often it signed, as it says itself; 0 for one that does not count.
        backup_eligible: it may be copied to other devices of the person.
        backed_up: it was, when last seen.
        transports: how browsers reach it, by spaces.
        name: what the person calls it.
        created_at: when it was registered.
        last_used_at: when it last signed somebody in.
        refused_at: when its count went back, so that it may have been copied; it is dead then.
    """

    credential_id: bytes
    person_id: str
    public_key: bytes
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    transports: str
    name: str
    created_at: int
    last_used_at: int | None = None
    refused_at: int | None = None


@dataclass(frozen=True)
class Place:
    """Where passkeys work: the domain of the issuer and its origin (WebAuthn §5.1.2).

    Attributes:
        rp_id: the domain, and no more than it: a key serves one host.
        origin: what browsers name as the page's origin.
    """

    rp_id: str
    origin: str


@dataclass(frozen=True)
class Use:
    """A signature that holds; whether it counts is decided where the count is kept."""

    sign_count: int
    backup_eligible: bool
    backed_up: bool


def place_of(issuer: str) -> Place | None:
    """Return where passkeys work; None where a browser would refuse: at an IP address."""
    host = urlsplit(issuer).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return Place(host, issuer)
    return None


def registration_options(
    place: Place, challenge: bytes, handle: bytes, account: str, known: Sequence[Passkey]
) -> str:
    """Write what `navigator.credentials.create` is asked for (§5.4), as JSON."""
    options = generate_registration_options(
        rp_id=place.rp_id,
        rp_name=RP_NAME,
        user_name=account,
        user_id=handle,
        user_display_name=account,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(each.credential_id) for each in known],
    )
    return options_to_json(options)


def assertion_options(place: Place, challenge: bytes, known: Sequence[Passkey] = ()) -> str:
    """Write what `navigator.credentials.get` is asked for (§5.5), as JSON; no keys for anybody."""
    options = generate_authentication_options(
        rp_id=place.rp_id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=[PublicKeyCredentialDescriptor(each.credential_id) for each in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def read_assertion(text: str) -> tuple[AuthenticationCredential, bytes]:
    """Take an authenticator's answer apart; return it and the challenge it says it signed.

    Raises:
        PasskeyRefused: it is none.
    """
    try:
        credential = parse_authentication_credential_json(_bounded(text))
        return credential, _challenge(credential.response.client_data_json)
    except MALFORMED:
        raise PasskeyRefused("this is no answer of an authenticator") from None


def read_registration(text: str) -> tuple[RegistrationCredential, bytes]:
    """Take an authenticator's new key apart; return it and the challenge it says it signed.

    Raises:
        PasskeyRefused: it is none.
    """
    try:
        credential = parse_registration_credential_json(_bounded(text))
        return credential, _challenge(credential.response.client_data_json)
    except MALFORMED:
        raise PasskeyRefused("this is no answer of an authenticator") from None


def check_registration(
    place: Place, credential: RegistrationCredential, challenge: bytes, person_id: str, now: int
) -> Passkey:
    """Check a new key (§7.1): type, challenge, origin, domain, presence, verification.

    Raises:
        PasskeyRefused: something of it is wrong.
    """
    try:
        made = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=place.rp_id,
            expected_origin=place.origin,
            require_user_verification=True,
        )
    except MALFORMED:
        raise PasskeyRefused("this key was not made for this page") from None
    return Passkey(
        credential_id=made.credential_id,
        person_id=person_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        backup_eligible=made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        backed_up=made.credential_backed_up,
        transports=" ".join(each.value for each in credential.response.transports or ()),
        name="",
        created_at=now,
    )


def check_assertion(
    place: Place, credential: AuthenticationCredential, challenge: bytes, passkey: Passkey
) -> Use:
    """Check a signature (§7.2): type, challenge, origin, domain, presence, verification.

    The count is left to the one statement that keeps it.

    Raises:
        PasskeyRefused: something of it is wrong.
    """
    try:
        seen = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=place.rp_id,
            expected_origin=place.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except MALFORMED:
        raise PasskeyRefused("this signature was not made for this page") from None
    eligible = seen.credential_device_type is CredentialDeviceType.MULTI_DEVICE
    if eligible != passkey.backup_eligible:  # §6.1.3: it never changes in the life of a key
        raise PasskeyRefused("this is not the key that was registered")
    return Use(seen.new_sign_count, eligible, seen.credential_backed_up)


def name_passkey(name: str) -> str:
    """Return a name as it is kept: one line, not too long; empty if there is nothing to show."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())[:NAME_CHARACTERS]


def _bounded(text: str) -> str:
    if len(text) > MOST_CHARACTERS or not isinstance(_json(text), dict):
        raise ValueError("not an object of this size")
    return text


def _json(text: str) -> object:
    try:
        return loads(text)
    except JSONDecodeError:
        return None


def _challenge(client_data: bytes) -> bytes:
    """Read the challenge; a page inside somebody else's page gets nothing (§7.2 step 10)."""
    collected = parse_client_data_json(client_data)
    if collected.cross_origin:
        raise ValueError("signed inside another site's page")
    return collected.challenge
