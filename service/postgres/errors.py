"""What libpq says in SQLAlchemy's words, so that stores and error table need no others."""

from psycopg.pq import DiagnosticField
from psycopg.pq.abc import PGresult
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolExhausted

_KINDS: dict[bytes, type[DBAPIError]] = {  # by class of SQLSTATE
    b"08": OperationalError,  # connection
    b"23": IntegrityError,
    b"40": OperationalError,  # rolled back
    b"53": OperationalError,  # no memory, disk or connections
    b"57": OperationalError,  # an operator stops it
    b"58": OperationalError,  # the system fails
}


def refused(result: PGresult) -> DBAPIError:
    """Make the error of a statement that PostgreSQL refuses."""
    state = result.error_field(DiagnosticField.SQLSTATE) or b"58000"
    message = result.get_error_message()
    return _KINDS.get(state[:2], ProgrammingError)(message, None, Exception(message))


def lost() -> OperationalError:
    """Make the error of a statement whose answer never came."""
    message = "the database hung up, or did not answer in time"
    return OperationalError(message, None, Exception(message))


def too_many() -> PoolExhausted:
    """Make the error of a statement that found no line in time."""
    return PoolExhausted("too many statements wait for the database")
