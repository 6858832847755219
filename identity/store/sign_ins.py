"""Tries to sign in, as rows. A try of nobody we know is a row too: both must take the same time."""

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from identity.people.visits import SignIn, Visit
from identity.store.tables import sign_ins

_SHOWN = (
    sign_ins.c.at,
    sign_ins.c.succeeded,
    sign_ins.c.method,
    sign_ins.c.device,
    sign_ins.c.network,
)


class SignInStore:
    """Writes and reads the history of sign-ins."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, sign_in_id: str, person_id: str | None, sign_in: SignIn) -> None:
        """Note a try; `person_id` is None when the account is not known."""
        row = {
            "sign_in_id": sign_in_id,
            "person_id": person_id,
            "at": sign_in.at,
            "succeeded": sign_in.succeeded,
            "method": sign_in.method,
            **vars(sign_in.visit),
        }
        self._connection.execute(insert(sign_ins).values(row))

    def of_person(self, person_id: str, most: int) -> Sequence[SignIn]:
        """List a person's latest tries, the latest first."""
        statement = (
            select(*_SHOWN)
            .where(sign_ins.c.person_id == person_id)
            .order_by(sign_ins.c.at.desc())
            .limit(most)
        )
        return [
            SignIn(at, succeeded, method, Visit(device, network))
            for at, succeeded, method, device, network in self._connection.execute(statement)
        ]
