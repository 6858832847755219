"""The keys that an app proves at our own endpoints, and what becomes bound to them."""

from collections.abc import Sequence
from dataclasses import dataclass

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError

from identity.apps.clients import NO_SECRET, Client
from identity.apps.profiles import policy_of
from identity.errors import BadProof, NonceWanted
from identity.grants.messages import Request
from identity.issued.authorizations import Authorization
from identity.proofs.client_certificates import certificate_confirmation
from identity.proofs.dpop import Call, Proof, check_proof
from identity.proofs.nonces import make_nonce
from identity.realm import Work

Header = tuple[str, str]


class InvalidProof(OAuth2Error):  # type: ignore[misc]
    """A proof that does not hold (RFC 9449 §5)."""

    error = "invalid_dpop_proof"


class UseNonce(OAuth2Error):  # type: ignore[misc]
    """A proof without a nonce of ours (RFC 9449 §8); the answer brings one."""

    error = "use_dpop_nonce"

    def __init__(self, why: str, headers: Sequence[Header]) -> None:
        super().__init__(why)
        self._headers = headers

    def get_headers(self) -> list[Header]:
        """Return what the answer carries."""
        return [*super().get_headers(), *self._headers]


@dataclass(frozen=True)
class Possession:
    """What an app has shown to hold.

    Attributes:
        confirmation: the key, as `Authorization.confirmation` has it; empty for none.
        proof: to be used up; None if none was sent.
        headers: what every answer to the app carries.
    """

    confirmation: str = ""
    proof: Proof | None = None
    headers: tuple[Header, ...] = ()


NONE = Possession()


def read_possession(work: Work, client: Client, request: Request) -> Possession:
    """Check what a request shows, and change nothing: an app that is told to come again with a
    nonce may send the same assertion with it.

    Raises:
        InvalidProof: its proof does not hold.
        UseNonce: its proof has no nonce of ours.
    """
    shown = request.parameters.shown
    if not shown.proofs:
        return _by_certificate(client, shown.certificate)
    needed = policy_of(client).nonces
    call = Call(request.method, request.uri, nonce_needed=needed)
    try:
        proof = check_proof(shown.proofs, call, work.realm.seals, work.now)
    except NonceWanted as error:
        raise UseNonce(str(error), nonce_headers(work)) from None
    except BadProof as error:
        raise InvalidProof(str(error)) from None
    return Possession(proof.confirmation, proof, nonce_headers(work) if needed else ())


def _by_certificate(client: Client, certificate: str) -> Possession:
    """Bind to the certificate of the connection, for apps that want it (RFC 8705 §3) and for those
    that have to bind to something.
    """
    wanted = client.options.tls_client_certificate_bound_access_tokens or policy_of(client).bound
    return Possession(certificate_confirmation(certificate)) if certificate and wanted else NONE


def nonce_headers(work: Work) -> tuple[Header, ...]:
    """Give the nonce of this moment."""
    return (("DPoP-Nonce", make_nonce(work.realm.seals, work.now)),)


def use_up(work: Work, possession: Possession) -> None:
    """Use a proof up, in the one statement that decides between parallel tries.

    Raises:
        InvalidProof: it was used before.
    """
    proof = possession.proof
    if proof is None:
        return
    used = work.store.replays
    if not used.use("dpop", proof.thumbprint, proof.jti, proof.expires_at):
        raise InvalidProof("this proof has been used")


def check_bound(client: Client, possession: Possession) -> None:
    """Check that an app whose tokens are bound has shown a key to bind them to.

    Raises:
        InvalidRequestError: it has not.
    """
    options = client.options
    needs_proof = options.dpop_bound_access_tokens
    needs_any = options.tls_client_certificate_bound_access_tokens or policy_of(client).bound
    if (possession.confirmation or not needs_any) and (possession.proof or not needs_proof):
        return
    raise InvalidRequestError("tokens of this app are bound to a key: prove that you hold it")


def check_code_holder(authorization: Authorization, confirmation: str) -> None:
    """Check that a code is redeemed with the key it was asked for with (RFC 9449 §10).

    Raises:
        InvalidGrantError: it was another one, or none.
    """
    if authorization.confirmation not in {"", confirmation}:
        raise InvalidGrantError("this code is bound to another key")


def check_refresh_holder(client: Client, authorization: Authorization, confirmation: str) -> None:
    """Check that a refresh token of a public app comes with its key (RFC 9449 §5).

    Other apps prove who they are, so they may change their keys.

    Raises:
        InvalidGrantError: it came with another one, or none.
    """
    if client.auth_method == NO_SECRET and authorization.confirmation not in {"", confirmation}:
        raise InvalidGrantError("this refresh token is bound to another key")


def kept_confirmation(client: Client, confirmation: str) -> str:
    """Return what the refresh tokens of an app will be bound to, empty for nothing."""
    return confirmation if client.auth_method == NO_SECRET else ""
