"""What a request wants in particular: details (RFC 9396), and for which interfaces (RFC 8707)."""

from dataclasses import dataclass
from typing import Any

from authlib.oauth2 import OAuth2Error

from identity.apps.clients import Client
from identity.asking.details import PARAMETER, Details, details_at, kept_details, narrow_details
from identity.asking.details import read_details as read
from identity.asking.parameters import Parameters
from identity.asking.resources import Resources, audience_of, check_resources, narrow_resources
from identity.errors import BadDetails, BadTarget
from identity.issued.authorizations import Authorization
from identity.realm import Realm


class InvalidTarget(OAuth2Error):  # type: ignore[misc]
    """A resource that is not known, or was not granted (RFC 8707 §2)."""

    error = "invalid_target"


class InvalidDetails(OAuth2Error):  # type: ignore[misc]
    """Details that are not known, or were not granted (RFC 9396 §5)."""

    error = "invalid_authorization_details"


@dataclass(frozen=True)
class Particulars:
    """Details, and interfaces.

    Attributes:
        details: what was asked for, or granted.
        resources: for which interfaces, none for ours.
    """

    details: Details = ()
    resources: Resources = ()

    def claims(self, audience: str) -> dict[str, Any]:
        """Return what an access token says of it, if it says anything."""
        told = self.told(audience)
        return ({"aud": audience_of(self.resources)} if self.resources else {}) | told

    def told(self, audience: str) -> dict[str, Any]:
        """Return what the answer of the token endpoint says of it (RFC 9396 §7)."""
        details = details_at(self.details, self.resources or (audience,))
        return {PARAMETER: list(details)} if details else {}


NOTHING = Particulars()


def read_particulars(realm: Realm, client: Client, parameters: Parameters) -> Particulars:
    """Read what a request wants.

    Raises:
        InvalidTarget: a resource is not known.
        InvalidDetails: details are unknown or malformed.
    """
    text = parameters.get(PARAMETER)
    if not text and not parameters.resources:
        return NOTHING
    try:
        allowed = client.options.authorization_details_types
        places = realm.all_resources
        details = read(text, realm.detail_types, allowed, places)
        return Particulars(details, check_resources(parameters.resources, places))
    except BadTarget as error:
        raise InvalidTarget(str(error)) from None
    except BadDetails as error:
        raise InvalidDetails(str(error)) from None


def granted_particulars(authorization: Authorization) -> Particulars:
    """Return what a person allowed in particular."""
    if not authorization.details and not authorization.resources:
        return NOTHING
    resources = tuple(authorization.resources.split())
    return Particulars(kept_details(authorization.details), resources)


def narrowed_particulars(
    realm: Realm, client: Client, parameters: Parameters, authorization: Authorization
) -> Particulars:
    """Give of what a person allowed only what a request at the token endpoint wants.

    Raises:
        InvalidTarget: a resource was not granted.
        InvalidDetails: details were not granted.
    """
    granted = granted_particulars(authorization)
    wanted = read_particulars(realm, client, parameters)
    if wanted == NOTHING:
        return granted
    try:
        details = narrow_details(wanted.details, granted.details)
        resources = narrow_resources(wanted.resources, granted.resources or (realm.audience,))
    except BadTarget as error:
        raise InvalidTarget(str(error)) from None
    except BadDetails as error:
        raise InvalidDetails(str(error)) from None
    return Particulars(details, resources)


class RequestParticulars:
    """Checks them at the authorization endpoint, and notes them for the code."""

    def __call__(self, grant: Any) -> None:
        """Join a grant."""
        grant.register_hook("after_validate_authorization_request_payload", self.check)

    def check(self, grant: Any, _redirect_uri: str) -> None:
        """Check one request; the error goes to the app.

        Raises:
            OAuth2Error: they cannot be honoured.
        """
        request = grant.request
        realm: Realm = grant.server.work.realm
        request.particulars = read_particulars(realm, request.client.client, request.parameters)
