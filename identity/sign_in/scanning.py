"""What desktop and phone do in a scan: begin, find, approve, refuse."""

from identity.errors import FlowExpired, SealBroken
from identity.noting import note
from identity.people.scans import LIFETIME_SECONDS, Scan, id_of, match_number
from identity.people.visits import Visit
from identity.realm import Realm, Work
from identity.standing.acting import SignedIn
from identity.trail.events import SCAN_APPROVED

LABEL = "scan challenge"


def begin_scan(work: Work, secret: str, client_name: str, visit: Visit, *, fresh: bool) -> Scan:
    """Begin to wait for a phone."""
    scan = Scan(
        scan_id=id_of(secret),
        number=match_number(work.realm.random),
        client_name=client_name,
        device=visit.device,
        network=visit.network,
        made_at=work.now,
        expires_at=work.now + LIFETIME_SECONDS,
        fresh=fresh,
    )
    work.store.scans.add(scan)
    return scan


def challenge_for(realm: Realm, scan: Scan) -> str:
    """Write the challenge that the code carries."""
    return realm.seals.seal_text(scan.scan_id, LABEL)


def find_scanned(work: Work, challenge: str) -> Scan:
    """Find the desktop that shows a code.

    Raises:
        FlowExpired: there is none, or not any more.
    """
    try:
        scan_id = work.realm.seals.open_text(challenge, LABEL)
    except SealBroken:
        raise FlowExpired("this code was not made here") from None
    scan = work.store.scans.find(scan_id)
    if scan is None or not scan.waits(work.now):
        raise FlowExpired("this code is too old, or was used")
    return scan


def may_approve(scan: Scan, signed_in: SignedIn) -> bool:
    """Tell whether a phone's sign-in is new enough for what the app wants."""
    return not scan.fresh or signed_in.session.auth_time >= scan.made_at


def approve(work: Work, scan: Scan, signed_in: SignedIn) -> bool:
    """Let the desktop in as this person; false if somebody answered before, or time is over."""
    approved = work.store.scans.approve(scan.scan_id, signed_in.session, work.now)
    if approved:
        note(work, SCAN_APPROVED, signed_in.who)
    return approved


def refuse(work: Work, scan: Scan) -> bool:
    """Keep the desktop out; false if somebody answered before, or time is over."""
    return work.store.scans.refuse(scan.scan_id, work.now)
