"""The end of every way to sign in: a session, its cookie, and on to where the person was going."""

from starlette.requests import Request
from starlette.responses import Response

from identity.asking.flow import SECOND_FACTOR, SIGN_IN
from identity.pages.frame import address_of, see_other, set_cookie, signed_in_at, visit_at
from identity.pages.onward import Onward
from identity.people.assurance import MFA_LEVEL
from identity.realm import Realm
from identity.sign_in.known_browsers import KNOWN_SECONDS, remember
from identity.sign_in.methods import Asking, Proof
from identity.sign_in.second_factor import is_enrolled
from identity.sign_in.signing_in import note_sign_in, open_session
from identity.sign_in.upstream import NAME as UPSTREAM

WAITING_SECONDS = 15 * 60


def asking_at(
    request: Request,
    realm: Realm,
    person_id: str = "",
    session_id: str = "",
    *,
    method: str = "",
) -> Asking:
    """Describe who asks to be let in."""
    kept = request.cookies.get(_known(realm), "")
    waiting = waiting_at(request, realm, method)
    return Asking(address_of(request), kept, person_id, session_id, waiting)


def waiting_at(request: Request, realm: Realm, method: str) -> str:
    """Return the secret with which this browser waits for a sign-in made elsewhere."""
    return request.cookies.get(_waits(realm, method), "")


def keep_waiting(response: Response, realm: Realm, method: str, secret: str) -> None:
    """Give a browser the secret with which it waits for a sign-in made elsewhere."""
    response.set_cookie(
        _waits(realm, method),
        secret,
        max_age=WAITING_SECONDS,
        path="/",
        secure=realm.issuer.startswith("https://"),
        httponly=True,
        samesite="lax",
    )


def _waits(realm: Realm, method: str) -> str:
    return f"__Host-haihe-{method}" if realm.issuer.startswith("https://") else f"haihe_{method}"


def is_half_way(realm: Realm, proof: Proof) -> bool:
    """Tell whether this proof alone does not sign its person in: they took up a second factor."""
    if proof.level >= MFA_LEVEL:
        return False
    with realm.reading() as store:
        return is_enrolled(realm.work(store), proof.person.person_id)


def let_in(realm: Realm, request: Request, onward: Onward, proof: Proof, method: str) -> Response:
    """Open a session for somebody who proved who they are."""
    old, visit = signed_in_at(request, realm), visit_at(request)
    with realm.writing() as store:
        work = realm.work(store)
        cookie, session = open_session(work, proof, old, visit)
        note_sign_in(work, proof.person.person_id, proof.via or method, visit, succeeded=True)
    if _is_fresh(onward, proof):
        onward = onward.after(SIGN_IN, session.session_id)
    if method == UPSTREAM:  # it was asked for all that it can tell; once is enough
        onward = onward.after(SECOND_FACTOR, session.session_id)
    choose = onward.for_company or (session.party_id is None and onward.flow is None)
    response = see_other(onward.to("/act-for") if choose else onward.address())
    set_cookie(response, realm, cookie)
    _remember(response, request, realm, proof.person.person_id)
    return response


def _is_fresh(onward: Onward, proof: Proof) -> bool:
    """Tell whether somebody proved who they are after the app asked for it."""
    return proof.at is None or (onward.flow is not None and proof.at >= onward.flow.started_at)


def note_failure(realm: Realm, request: Request, person_id: str | None, method: str) -> None:
    """Write a try that failed into the history of its person."""
    with realm.writing() as store:
        work = realm.work(store)
        note_sign_in(work, person_id, method, visit_at(request), succeeded=False)


def _remember(response: Response, request: Request, realm: Realm, person_id: str) -> None:
    response.set_cookie(
        _known(realm),
        remember(realm, request.cookies.get(_known(realm), ""), person_id),
        max_age=KNOWN_SECONDS,
        path="/",
        secure=realm.issuer.startswith("https://"),
        httponly=True,
        samesite="lax",
    )


def _known(realm: Realm) -> str:
    return "__Host-haihe-known" if realm.issuer.startswith("https://") else "haihe_known"
