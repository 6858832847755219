"""Sign-in by a phone that is signed in: the end of a scan, at the desktop."""

from collections.abc import Mapping

from identity.errors import FlowExpired
from identity.people.assurance import LEVELS, PASSWORD_LEVEL, rank
from identity.people.scans import carried_over, id_of
from identity.realm import Realm
from identity.sign_in.methods import Asking, Part, Proof, may_enter

NAME = "scan"


class ScanMethod:
    """A phone that lets this browser in."""

    name = NAME
    adds = ()

    def offer(self, _realm: Realm, /) -> Part:
        """Return nothing: a button leads to the code."""
        return {}

    def offer_to(self, realm: Realm, asking: Asking) -> None:
        """Add nothing: who approves shows no more than they have shown on the phone."""

    def prove(self, realm: Realm, _form: Mapping[str, str], asking: Asking, /) -> Proof:
        """Use the phone's approval up.

        Raises:
            FlowExpired: there is none for this browser, or not any more.
        """
        with realm.writing() as store:
            scan = store.scans.collect(id_of(asking.waiting), realm.clock())
            person = store.people.find_person(scan.person_id or "") if scan else None
        if scan is None or person is None or not may_enter(realm, person):
            raise FlowExpired("this code is too old, or was used")
        level = LEVELS[max(rank(scan.acr), 0)]
        at = scan.auth_time
        return Proof(person, max(level, PASSWORD_LEVEL), carried_over(scan.amr), at)


METHOD = ScanMethod()
