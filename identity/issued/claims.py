"""What tokens and userinfo say about whom: `sub` is for whom, `act.sub` is who."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from identity.apps.clients import Client
from identity.asking.scopes import LEGAL_PERSON, NAME, claims_of, join
from identity.issued.about import read_about
from identity.issued.actors import act_through, may_act_claims, name_first
from identity.issued.authorizations import Authorization
from identity.people.subjects import Party, Person
from identity.seals import Seals
from identity.signing.tokens import half_hash

ACCESS_SECONDS = 600
ID_SECONDS = 600

Claims = dict[str, Any]


@dataclass(frozen=True)
class Issue:
    """The circumstances of one token.

    Attributes:
        issuer: who signs it.
        audience: for whom it is meant.
        now: when it is made.
        token_id: its own random name.
    """

    issuer: str
    audience: str
    now: int
    token_id: str


def subject_claims(seals: Seals, sector: str, person_id: str, party_id: str) -> Claims:
    """Name the one acted for, and who acts if that is somebody else (RFC 8693 §4.1)."""
    claims: Claims = {"sub": seals.subject(party_id, sector)}
    if person_id != party_id:
        claims["act"] = {"sub": seals.subject(person_id, sector)}
    return claims


def access_claims(
    issue: Issue,
    seals: Seals,
    client: Client,
    authorization: Authorization,
    scopes: Collection[str],
) -> Claims:
    """Return the claims of a person's access token (RFC 9068 §2.2)."""
    named = subject_claims(seals, client.sector, authorization.person_id, authorization.party_id)
    return (
        _access(issue, client, scopes)
        | act_through(named, authorization.actors, seals, client.sector)
        | may_act_claims(client.options.may_act)
        | {
            "exp": min(issue.now + ACCESS_SECONDS, authorization.expires_at),
            "auth_time": authorization.auth_time,
            "acr": authorization.acr,
            "authorization": authorization.authorization_id,
        }
    )


def own_access_claims(
    issue: Issue, seals: Seals, client: Client, scopes: Collection[str]
) -> Claims:
    """Return the claims of an app's own access token: it acts for its owner."""
    return _access(issue, client, scopes) | {"sub": seals.subject(client.owner_id, client.sector)}


def _access(issue: Issue, client: Client, scopes: Collection[str]) -> Claims:
    return {
        "iss": issue.issuer,
        "aud": issue.audience,
        "client_id": client.client_id,
        "iat": issue.now,
        "exp": issue.now + ACCESS_SECONDS,
        "jti": issue.token_id,
        "scope": join(scopes),
    }


def id_claims(
    issue: Issue, seals: Seals, client: Client, authorization: Authorization, access_token: str
) -> Claims:
    """Return the claims of an ID token (OpenID Connect Core §2); it may come alone."""
    named = subject_claims(seals, client.sector, authorization.person_id, authorization.party_id)
    claims: Claims = {
        "iss": issue.issuer,
        "aud": client.client_id,
        "iat": issue.now,
        "exp": issue.now + ID_SECONDS,
        "auth_time": authorization.auth_time,
        "acr": authorization.acr,
        "amr": authorization.amr.split(),
    }
    if client.knows_sign_ins:
        claims["sid"] = authorization.session_id
    if access_token:
        claims["at_hash"] = half_hash(access_token, client.id_token_alg)
    if authorization.nonce is not None:
        claims["nonce"] = authorization.nonce
    return claims | named


def about_party(person: Person, party: Party, told: Collection[str]) -> Claims:
    """Return what is told about the subject: of a legal person the name, of a person all held."""
    claims: Claims = {NAME: party.name} if NAME in told else {}
    if not party.is_legal_person and person.about:
        claims |= {name: held for name, held in read_about(person.about).items() if name in told}
    return claims


def userinfo_claims(
    named: Mapping[str, Any],
    person: Person,
    party: Party,
    powers: Collection[str],
    scopes: Collection[str],
) -> Claims:
    """Return what userinfo tells (OpenID Connect Core §5.3).

    Args:
        named: `sub` and perhaps `act`, exactly as in the access token.
        person: who acts.
        party: for whom.
        powers: what the mandate allows at this moment.
        scopes: what the person allowed the app to see.
    """
    claims: Claims = {"sub": named["sub"]}
    if "act" in named:
        known = NAME in claims_of(scopes) and party.is_legal_person
        claims["act"] = name_first(named["act"], person.name if known else "")
    claims |= about_party(person, party, claims_of(scopes))
    if LEGAL_PERSON in scopes and party.is_legal_person:
        claims["legal_person"] = {
            "name": party.name,
            "unified_social_credit_code": party.code,
            "powers": sorted(powers),
        }
    return claims
