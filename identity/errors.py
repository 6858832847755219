"""What identity refuses, and why. No HTTP here: `service/errors.py` maps each class."""

from collections.abc import Sequence


class IdentityError(Exception):
    """Something identity refuses."""


class BadNumber(IdentityError):
    """A citizen number or unified social credit code that cannot be real."""


class SealBroken(IdentityError):
    """A sealed value that this service did not seal, or sealed for another use."""


class MandateMissing(IdentityError):
    """A person acts for a legal person without a live mandate from it."""


class MandateRefused(IdentityError):
    """A mandate that may not be granted or signed so.

    Attributes:
        field: what is wrong: `person`, `own`, `role`, `powers`, `matters`, `days`, `signed`,
            `held` or `granter`.
    """

    def __init__(self, field: str) -> None:
        super().__init__(f"the mandate may not be granted so: {field}")
        self.field = field


class AlreadyRegistered(IdentityError):
    """A number, account name, code or client id that is taken."""


class NotRegistered(IdentityError):
    """A person, legal person, mandate or client that does not exist."""


class BadRegistration(IdentityError):
    """Something an operator wants to register that cannot work."""


class BadClient(BadRegistration):
    """A client registration that cannot work."""


class BadWish(IdentityError):
    """A `claims` parameter that cannot be read."""


class BadRegistrationRequest(IdentityError):
    """An app wants to register itself in a way that cannot work.

    Attributes:
        code: what RFC 7591 §3.2.2 calls it.
    """

    def __init__(self, why: str, code: str = "invalid_client_metadata") -> None:
        super().__init__(why)
        self.code = code


class BadRegistrationToken(IdentityError):
    """A token that does not manage this app (RFC 7592 §2), or does not let one be registered."""


class TooManyRegistrations(IdentityError):
    """Too many apps were registered from one address.

    Attributes:
        wait: seconds until the next one may be.
    """

    def __init__(self, wait: int) -> None:
        super().__init__("too many apps were registered from this address, try again later")
        self.wait = wait


class BadAssertion(IdentityError):
    """A signed statement of an app that does not hold (RFC 7523 §3)."""


class UnknownSigner(BadAssertion):
    """A signature that none of the keys at hand made."""


class BadCertificate(IdentityError):
    """A certificate of a connection that does not prove the app (RFC 8705 §2)."""


class KeysWanted(IdentityError):
    """An app's published keys have to be read before a request can be answered.

    Attributes:
        address: where they are.
        seen: version of the set that was not enough.
    """

    def __init__(self, address: str, seen: int) -> None:
        super().__init__("the keys of an app have to be read first")
        self.address, self.seen = address, seen


class AppUnreachable(IdentityError):
    """An app's own address does not answer, or must not be called."""


class BadProof(IdentityError):
    """A proof of a key that does not hold (RFC 9449 §4.3)."""


class NonceWanted(BadProof):
    """A proof without a nonce of ours, or with an old one (RFC 9449 §8)."""


class BadRequestObject(IdentityError):
    """A request object, or the address of one, that cannot be taken (RFC 9101 §7).

    Attributes:
        code: what the app is told.
    """

    def __init__(self, why: str, code: str = "invalid_request_object") -> None:
        super().__init__(why)
        self.code = code


class Undecipherable(IdentityError):
    """Something that an app encrypted to a key that is not ours, or not in a way we offer."""


class NoKeyToEncrypt(IdentityError):
    """An app wants to be told something encrypted and has no key for that."""


class BadDetails(IdentityError):
    """Details of an authorization that are unknown, malformed or not granted (RFC 9396 §5)."""


class BadTarget(IdentityError):
    """An interface that is unknown, or for which no token was granted (RFC 8707 §2)."""


class BadAuthorizeRequest(IdentityError):
    """An authorization request whose client or redirect address cannot be trusted.

    It is answered by a page and never by a redirect (RFC 6749 §4.1.2.1).

    Attributes:
        client_id: the app, where it is known.
    """

    def __init__(self, why: str, client_id: str = "") -> None:
        super().__init__(why)
        self.client_id = client_id


class FlowExpired(IdentityError):
    """A sign-in was begun too long ago; it has to be started again from the app."""


class BadAccessToken(IdentityError):
    """A bearer token that is not ours, has ended, or was withdrawn (RFC 6750 §3.1).

    Attributes:
        code: what the protocol calls it.
    """

    code = "invalid_token"


class TokenMissing(BadAccessToken):
    """A request without a token: it is told how to bring one, and no error (RFC 6750 §3.1)."""


class TokenUnproven(BadAccessToken):
    """A token that is bound to a key, from somebody who does not show it (RFC 9449 §7.1).

    Attributes:
        code: what the protocol calls it.
        nonce: what the next proof has to carry, empty if nothing.
    """

    def __init__(self, why: str, code: str = "invalid_token", nonce: str = "") -> None:
        super().__init__(why)
        self.code, self.nonce = code, nonce


class StrongerSignInNeeded(BadAccessToken):
    """A good token from a sign-in that is too weak or too old for this (RFC 9470 §3).

    Attributes:
        acr_values: levels that would do.
        max_age: oldest sign-in in seconds that would do, None for any.
    """

    code = "insufficient_user_authentication"

    def __init__(self, acr_values: Sequence[str], max_age: int | None) -> None:
        super().__init__("a stronger or a newer sign-in is needed")
        self.acr_values, self.max_age = acr_values, max_age


class SignInRefused(IdentityError):
    """The account and password do not belong together.

    Attributes:
        tries_left: how many more tries there are before a pause.
        person_id: whose account it was, for its history alone; None if there is no such account.
    """

    def __init__(self, tries_left: int, person_id: str | None = None) -> None:
        super().__init__("account and password do not belong together")
        self.tries_left = tries_left
        self.person_id = person_id


class SecondFactorRefused(IdentityError):
    """A code that is wrong or was used.

    Attributes:
        tries_left: how many more tries there are before a pause.
    """

    def __init__(self, tries_left: int) -> None:
        super().__init__("the code is wrong or was used")
        self.tries_left = tries_left


class PasskeyRefused(IdentityError):
    """An answer of an authenticator that signs nobody in, or a key that cannot be taken up.

    Attributes:
        person_id: whose key it is, for their history; None if it may be anybody's.
    """

    def __init__(self, why: str, person_id: str | None = None) -> None:
        super().__init__(why)
        self.person_id = person_id


class BadPasswordList(IdentityError):
    """An operator's list of leaked passwords in which nothing would be found."""


class BadUpstream(IdentityError):
    """A provider in the operator's file that cannot work."""


class UpstreamFailed(IdentityError):
    """Another provider that signs nobody in, or whose answer does not hold."""


class NotLinked(IdentityError):
    """Somebody another provider knows, and we do not know by it.

    Attributes:
        sealed: who they are there, for the page that asks.
    """

    def __init__(self, sealed: str) -> None:
        super().__init__("this account stands for nobody here")
        self.sealed = sealed


class StepUpNeeded(IdentityError):
    """Something that needs a fresh sign-in, or one by two factors.

    Attributes:
        step: which step of a sign-in is missing.
    """

    def __init__(self, step: str) -> None:
        super().__init__("sign in again, or with two factors, to do this")
        self.step = step


class SignInPaused(IdentityError):
    """Too many failed tries for this account or from this address.

    Attributes:
        until: Unix time at which the next try is possible.
    """

    def __init__(self, until: int) -> None:
        super().__init__("too many failed sign-ins, try again later")
        self.until = until


class ExchangeRefused(IdentityError):
    """A token that an app may not exchange (RFC 8693 §2.2.2).

    Attributes:
        code: what the protocol calls it.
    """

    def __init__(self, why: str, code: str = "invalid_request") -> None:
        super().__init__(why)
        self.code = code


class BackchannelRefused(IdentityError):
    """A request over the back channel that cannot be honoured (CIBA Core §13).

    Attributes:
        code: what the protocol calls it.
    """

    def __init__(self, why: str, code: str = "invalid_request") -> None:
        super().__init__(why)
        self.code = code


class UserCodeRefused(IdentityError):
    """A code of a terminal under which no request waits (RFC 8628 §3.3)."""


class SignInBusy(IdentityError):
    """Too many people are signing in at this moment."""


class BadLogout(IdentityError):
    """A logout request whose hint is not a token of ours."""
