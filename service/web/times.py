"""Times as people here read them: Beijing time, in the reader's language."""

from datetime import UTC, datetime, timedelta, timezone

from markupsafe import Markup

from service.web.languages import ENGLISH

BEIJING = timezone(timedelta(hours=8))
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def time_element(seconds: int, language: str) -> Markup:
    """Write a Unix time as a `<time>` element, to the second."""
    local = datetime.fromtimestamp(seconds, BEIJING)
    return _element(seconds, f"{_day(local, language)} {local:%H:%M:%S}")


def date_element(seconds: int, language: str) -> Markup:
    """Write the day of a Unix time as a `<time>` element."""
    return _element(seconds, _day(datetime.fromtimestamp(seconds, BEIJING), language))


def _day(local: datetime, language: str) -> str:
    if language == ENGLISH:
        return f"{local.day} {MONTHS[local.month - 1]} {local.year}"
    return f"{local.year}年{local.month}月{local.day}日"


def _element(seconds: int, text: str) -> Markup:
    stamp = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}">{}</time>').format(stamp, text)
