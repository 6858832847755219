"""Trips to other providers and links with accounts there, as rows."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update

from identity.store.dialects import insert_once
from identity.store.tables import upstream_links, upstream_trips
from identity.upstreams.records import Link, Trip

_TRIP = tuple(upstream_trips.c)  # in the order of the fields of `Trip`
_LINK = tuple(upstream_links.c)  # in the order of the fields of `Link`


class UpstreamStore:
    """Reads and writes trips and links."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, trip: Trip) -> None:
        """Note that a browser went to a provider."""
        self._connection.execute(insert(upstream_trips).values(**vars(trip)))

    def find(self, state_hash: bytes) -> Trip | None:
        """Find a trip without ending it."""
        statement = select(*_TRIP).where(upstream_trips.c.state_hash == state_hash)
        row = self._connection.execute(statement).first()
        return Trip(*row) if row else None

    def end(self, state_hash: bytes, browser_hash: bytes, provider: str, now: int) -> Trip | None:
        """End a trip in the browser that began it. Of many parallel answers one gets it."""
        statement = (
            delete(upstream_trips)
            .where(
                upstream_trips.c.state_hash == state_hash,
                upstream_trips.c.browser_hash == browser_hash,
                upstream_trips.c.provider == provider,
                upstream_trips.c.expires_at > now,
            )
            .returning(*_TRIP)
        )
        row = self._connection.execute(statement).first()
        return Trip(*row) if row else None

    def link(self, link: Link) -> bool:
        """Link an account; false if it, or another of that provider, is linked already."""
        return insert_once(self._connection, upstream_links, **vars(link))

    def use_link(self, link_id: bytes, now: int) -> str | None:
        """Return for whom an account stands, and note that it was used."""
        statement = (
            update(upstream_links)
            .where(upstream_links.c.link_id == link_id)
            .values(last_used_at=now)
            .returning(upstream_links.c.person_id)
        )
        return self._connection.execute(statement).scalar()

    def links_of(self, person_id: str) -> Sequence[Link]:
        """List a person's accounts elsewhere."""
        statement = select(*_LINK).where(upstream_links.c.person_id == person_id)
        return [Link(*row) for row in self._connection.execute(statement)]

    def unlink(self, person_id: str, provider: str) -> bool:
        """Take a link away; false if there is none."""
        statement = delete(upstream_links).where(
            upstream_links.c.person_id == person_id, upstream_links.c.provider == provider
        )
        return self._connection.execute(statement).rowcount == 1
