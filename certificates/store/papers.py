"""Licences on paper as they are kept: one file for each licence, made once."""

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from certificates.licences import KeptPaper
from certificates.store.tables import papers


class PaperRows:
    """The files over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        self._upsert = dialect.insert

    def find(self, identifier: str) -> KeptPaper | None:
        """Find the file of a licence."""
        query = select(papers).where(papers.c.identifier == identifier)
        row = self._connection.execute(query).one_or_none()
        return KeptPaper(row.identifier, row.pdf, row.made_at) if row else None

    def keep(self, paper: KeptPaper) -> KeptPaper:
        """Keep a file, unless another was kept meanwhile; gives the one that is kept."""
        row = self._upsert(papers).values(
            identifier=paper.identifier, pdf=paper.pdf, made_at=paper.made_at
        )
        self._connection.execute(row.on_conflict_do_nothing())
        return self.find(paper.identifier) or paper
