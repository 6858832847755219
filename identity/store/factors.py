"""Second factors, as rows. Where two requests race, one statement decides."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update

from identity.store.tables import recovery_codes, totp_keys


class FactorStore:
    """Reads and writes second factors."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, person_id: str) -> bytes | None:
        """Find a person's sealed key."""
        statement = select(totp_keys.c.sealed_key).where(totp_keys.c.person_id == person_id)
        return self._connection.execute(statement).scalar()

    def add(
        self, person_id: str, sealed_key: bytes, step: int, hashes: Sequence[bytes], now: int
    ) -> None:
        """Add a key whose code of `step` has been used, and recovery codes."""
        row = {"person_id": person_id, "sealed_key": sealed_key, "last_step": step}
        self._connection.execute(insert(totp_keys).values(**row, created_at=now))
        self._connection.execute(
            insert(recovery_codes), [{"code_hash": each, "person_id": person_id} for each in hashes]
        )

    def use_step(self, person_id: str, step: int) -> bool:
        """Use the code of a step up, and all before it; false if it was used."""
        statement = (
            update(totp_keys)
            .where(totp_keys.c.person_id == person_id, totp_keys.c.last_step < step)
            .values(last_step=step)
        )
        return self._connection.execute(statement).rowcount == 1

    def use_recovery_code(self, person_id: str, code_hash: bytes) -> bool:
        """Use a recovery code up; false if there is none such."""
        statement = delete(recovery_codes).where(
            recovery_codes.c.code_hash == code_hash, recovery_codes.c.person_id == person_id
        )
        return self._connection.execute(statement).rowcount == 1

    def codes_left(self, person_id: str) -> int:
        """Count the recovery codes that are left."""
        statement = select(recovery_codes.c.code_hash).where(
            recovery_codes.c.person_id == person_id
        )
        return len(self._connection.execute(statement).all())

    def remove(self, person_id: str) -> None:
        """Give a second factor up."""
        for table in (recovery_codes, totp_keys):
            self._connection.execute(delete(table).where(table.c.person_id == person_id))
