"""The registers: people, legal persons, mandates and apps, as an operator changes them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from identity.apps.client_keys import read_keys
from identity.apps.clients import (
    AUTH_METHODS,
    BASIC,
    KINDS,
    NO_SECRET,
    OVERLAP_SECONDS,
    PUBLIC,
    SECRET_BYTES,
    SECRET_METHODS,
    SERVICE,
    SIGNED,
    STANDARD,
    Client,
    check_redirect_uri,
    hash_secret,
    sector_of,
)
from identity.apps.options import NONE, Options
from identity.apps.profiles import check_profile
from identity.asking.decoupled import DECOUPLED_GRANTS
from identity.asking.scopes import SCOPES
from identity.errors import BadClient, BadNumber, BadRegistration, NotRegistered
from identity.issued.about import About, write_about
from identity.noting import note
from identity.people.mandates import POWERS, ROLES, Mandate
from identity.people.subjects import (
    LegalPerson,
    Party,
    Person,
    check_account,
    check_citizen_number,
    check_credit_code,
    check_name,
    party_of,
    spell_account,
)
from identity.proofs.client_certificates import check_certificate_names
from identity.realm import Work
from identity.sign_in.choosing import check_choice
from identity.sign_in.hashing import hash_password
from identity.trail.events import (
    APP_ADDED,
    LEGAL_PERSON_ADDED,
    MANDATE_ADDED,
    MANDATE_REVOKED,
    OPERATOR,
    PERSON_ADDED,
    PERSON_DESCRIBED,
    SECRET_ROTATED,
    Who,
)


@dataclass(frozen=True)
class NewClient:
    """What is registered for an app.

    Attributes:
        client_id: public name.
        name: shown to people.
        owner_code: social credit code of the legal person that registers it.
        kind: one of `identity.apps.clients.KINDS`.
        scopes: the most it may ask for.
        redirect_uris: where people may be sent back to.
        logout_uris: where people may be sent after signing out.
        auth_method: how it proves itself; empty for the usual way of its kind.
        introspects: it may ask about tokens of other apps.
        demo: exists only with demo data.
        profile: how strictly its requests are read.
        jwks: its public keys as JSON text, or
        jwks_uri: where it publishes them; one of the two is needed when it signs assertions.
        options: what it registers beyond that.
    """

    client_id: str
    name: str
    owner_code: str
    kind: str
    scopes: frozenset[str]
    redirect_uris: tuple[str, ...] = ()
    logout_uris: tuple[str, ...] = ()
    auth_method: str = ""
    introspects: bool = False
    demo: bool = False
    profile: str = STANDARD
    jwks: str = ""
    jwks_uri: str = ""
    options: Options = NONE


def add_person(
    work: Work, *, account: str, name: str, citizen_number: str, password: str, demo: bool = False
) -> Person:
    """Register a person.

    Raises:
        BadNumber: the citizen number cannot be real.
        AlreadyRegistered: account name or number is taken.
        BadRegistration: account name, name or password are not as they should be.
    """
    number = check_citizen_number(citizen_number)
    account = check_account(account)
    if not demo:  # everybody knows the password of the demo people, and it opens nothing else
        check_choice(password, account, work.realm.is_leaked)
    person = Person(work.realm.fresh_id(), account, check_name(name), demo)
    sealed = work.realm.seals.citizen_number(number)
    work.store.people.add_person(person, sealed, hash_password(password), work.now)
    note(work, PERSON_ADDED, OPERATOR, detail=person.person_id)
    return person


def describe_person(work: Work, *, account: str, about: About) -> Person:
    """Keep what is held about a person beyond the name, in place of what was held before.

    Raises:
        NotRegistered: there is no such person.
        BadRegistration: something of it cannot be.
    """
    person = find_account(work, account)
    work.store.people.set_about(person.person_id, write_about(about, work.now))
    note(work, PERSON_DESCRIBED, OPERATOR, detail=person.person_id)
    return person


def add_legal_person(work: Work, *, code: str, name: str) -> LegalPerson:
    """Register a legal person.

    Raises:
        BadNumber: the code cannot be real.
        BadRegistration: the name is empty or too long.
        AlreadyRegistered: the code is taken.
    """
    subject = LegalPerson(work.realm.fresh_id(), check_credit_code(code), check_name(name))
    work.store.people.add_legal_person(subject, work.now)
    note(work, LEGAL_PERSON_ADDED, OPERATOR, detail=subject.legal_person_id)
    return subject


def add_mandate(
    work: Work,
    *,
    account: str,
    code: str,
    role: str,
    powers: Iterable[str],
    valid_to: int | None = None,
    matters: Iterable[str] = (),
    joint: bool = False,
) -> Mandate:
    """Let a person act for a legal person, from now on.

    Raises:
        NotRegistered: the person or the legal person does not exist.
        BadRegistration: there is no such role, power or matter.
    """
    given, alone = frozenset(powers), frozenset(matters)
    if not alone <= work.realm.matters.keys():
        raise BadRegistration(f"matters are {sorted(work.realm.matters)}")
    if role not in ROLES or not given or not given <= POWERS:
        raise BadRegistration(f"roles are {ROLES}, powers are {sorted(POWERS)}")
    person = find_account(work, account)
    owner = find_legal_person(work, code)
    mandate = Mandate(
        work.realm.fresh_id(),
        person.person_id,
        owner.legal_person_id,
        role,
        given,
        work.now,
        valid_to,
        matters=alone,
        joint=joint,
    )
    work.store.mandates.add(mandate)
    note(work, MANDATE_ADDED, OPERATOR, detail=mandate.mandate_id)
    return mandate


def find_account(work: Work, account: str) -> Person:
    """Find a person by account name.

    Raises:
        NotRegistered: there is none.
    """
    found = work.store.people.find_account(spell_account(account))
    if found is None:
        raise NotRegistered(f"no person with the account {account!r}")
    return found[0]


def revoke_mandate(work: Work, mandate_id: str) -> Mandate:
    """Take a mandate back; it works at once.

    Raises:
        NotRegistered: there is no such mandate, or it was revoked before.
    """
    mandate = work.store.mandates.revoke(mandate_id, work.now)
    note(work, MANDATE_REVOKED, OPERATOR, detail=mandate_id)
    return mandate


def add_client(work: Work, new: NewClient, secret: str = "") -> tuple[Client, str]:
    """Register an app.

    Args:
        work: the request's share of the realm.
        new: what to register.
        secret: a secret that is known already (demo data); a random one when empty.

    Returns:
        The client, and its secret: this once, empty for a public app.

    Raises:
        BadClient: the registration cannot work.
        NotRegistered: the owner does not exist.
        AlreadyRegistered: the id is taken.
    """
    method = new.auth_method or _usual_method(new)
    policy = check_profile(new.profile, method)
    _check_client(new, method)
    _check_keys(new, method)
    owner = find_legal_person(work, new.owner_code)
    kept = secret or work.realm.random(SECRET_BYTES).hex() if method in SECRET_METHODS else ""
    client = Client(
        client_id=new.client_id,
        name=new.name,
        owner_id=owner.legal_person_id,
        kind=new.kind,
        auth_method=method,
        secret_hash=hash_secret(kept) if kept else None,
        old_secret_hash=None,
        old_secret_until=0,
        redirect_uris=tuple(map(check_redirect_uri, new.redirect_uris)),
        logout_uris=tuple(map(check_redirect_uri, new.logout_uris)),
        scopes=new.scopes,
        sector=sector_of(new.client_id, new.redirect_uris),
        introspects=new.introspects,
        demo=new.demo,
        profile=new.profile,
        id_token_alg=policy.id_token_algs[0],
        jwks=new.jwks,
        jwks_uri=new.jwks_uri,
        options=new.options,
    )
    work.store.clients.add(client, work.now)
    note(work, APP_ADDED, OPERATOR, client_id=client.client_id)
    return client, kept


def _usual_method(new: NewClient) -> str:
    if new.kind == PUBLIC:
        return NO_SECRET
    return SIGNED if new.jwks or new.jwks_uri else BASIC


def _check_client(new: NewClient, method: str) -> None:
    if new.kind not in KINDS or method not in AUTH_METHODS:
        raise BadClient(f"kinds are {KINDS}, ways to prove oneself are {AUTH_METHODS}")
    if (method == NO_SECRET) != (new.kind == PUBLIC):
        raise BadClient("an app has a secret exactly when it can keep one")
    if not new.client_id.isascii() or not new.client_id.isprintable() or " " in new.client_id:
        raise BadClient("a client id is printable ASCII without spaces")
    if not new.scopes or not new.scopes <= SCOPES.keys():
        raise BadClient(f"scopes are {list(SCOPES)}")
    _check_redirects(new)


def _check_redirects(new: NewClient) -> None:
    if new.kind == SERVICE and new.redirect_uris:
        raise BadClient("a program without people has no redirect addresses")
    elsewhere = DECOUPLED_GRANTS & set(new.options.grant_types)
    if not (new.redirect_uris or elsewhere or new.kind == SERVICE):
        raise BadClient("an app has redirect addresses exactly when it signs people in")


def _check_keys(new: NewClient, method: str) -> None:
    if new.jwks_uri and (new.jwks or not new.jwks_uri.startswith("https://")):
        raise BadClient("an app registers its keys, or an https address where they are")
    if method == SIGNED and not (new.jwks or new.jwks_uri):
        raise BadClient("an app that signs assertions registers its public keys")
    if new.jwks:
        read_keys(new.jwks)
    check_certificate_names(method, new.jwks or new.jwks_uri, new.options)


def rotate_secret(work: Work, client_id: str, who: Who = OPERATOR) -> str:
    """Give an app a new secret; the one before works for a day beside it.

    Returns:
        The new secret, this once.

    Raises:
        NotRegistered: there is no such app with a secret.
    """
    secret = work.realm.random(SECRET_BYTES).hex()
    until = work.now + OVERLAP_SECONDS
    work.store.clients.rotate_secret(client_id, hash_secret(secret), until)
    note(work, SECRET_ROTATED, who, client_id=client_id)
    return secret


def list_clients(work: Work) -> list[Client]:
    """List all apps, their secrets' hashes left out."""
    return [
        replace(client, secret_hash=None, old_secret_hash=None)
        for client in work.store.clients.all()
    ]


def find_party(work: Work, code: str, name: str) -> Party | None:
    """Find whom a number and a name belong to; None if nobody has both.

    Args:
        work: the request's share of the realm.
        code: a citizen number, or a social credit code.
        name: the whole name.
    """
    if not code.isprintable():  # a database may refuse it
        return None
    subject = _find_person(work, code) or work.store.people.find_legal_person(code=code.strip())
    if subject is None or subject.name != name.strip():
        return None
    return party_of(subject)


def _find_person(work: Work, code: str) -> Person | None:
    try:
        number = check_citizen_number(code)
    except BadNumber:
        return None
    found = work.store.people.find_number(work.realm.seals.citizen_number(number))
    return found[0] if found else None


def find_legal_person(work: Work, code: str) -> LegalPerson:
    """Find a legal person by code.

    Raises:
        NotRegistered: there is none.
    """
    found = work.store.people.find_legal_person(code=code)
    if found is None:
        raise NotRegistered(f"no legal person with the code {code!r}")
    return found
