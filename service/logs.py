"""The log: one line per event, as text for people or as JSON for machines.

No line holds personal data, tokens or query strings. What an exception says may quote any of
them, so of an exception only its kind and its places in the code are written.
"""

import json
import logging
import re
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime

from identity.people.subjects import looks_like_citizen_number

JSON_LINES = "json"
FIELDS = "fields"  # name of the record's attribute: `log.info("…", extra={FIELDS: {…}})`
MOST_FRAMES = 30
_GOOD_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{7,63}")

request_id: ContextVar[str] = ContextVar("request_id", default="")


def is_good_id(text: str) -> bool:
    """Tell whether an id that came with a request may be used: short, plain, nobody's number."""
    return bool(_GOOD_ID.fullmatch(text)) and not looks_like_citizen_number(text)


class Lines(logging.Formatter):
    """Writes an event as one line of text."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        fields = " ".join(f"{name}={value}" for name, value in fields_of(record).items())
        parts = (f"{record.levelname} {record.name}: {record.getMessage()}", fields)
        return " ".join(part for part in parts if part).replace("\n", " | ")


class JsonLines(logging.Formatter):
    """Writes an event as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        moment = datetime.fromtimestamp(record.created, UTC)
        document = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **fields_of(record),
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str)


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """Return what an event tells beside its message."""
    fields: dict[str, object] = dict(getattr(record, FIELDS, {}))
    if request_id.get():
        fields["request"] = request_id.get()
    if record.exc_info and record.exc_info[1] is not None:
        fields |= _exception(record.exc_info[1])
    return fields


def _exception(error: BaseException) -> dict[str, object]:
    """Return the kind of an exception and where it was raised, but not what it says."""
    frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    causes, cause = [type(error).__name__], error.__cause__
    while cause is not None and len(causes) < MOST_FRAMES:
        causes.append(type(cause).__name__)
        cause = cause.__cause__
    return {"exception": " from ".join(causes), "at": places}


def set_up(kind: str) -> None:
    """Send every event of this process to the standard error, in the form `kind`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if kind == JSON_LINES else Lines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name, level in (("alembic", logging.WARNING), ("httpx", logging.WARNING)):
        logging.getLogger(name).setLevel(level)
