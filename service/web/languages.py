"""Which language a person reads. Chinese first, English beside it."""

from collections.abc import Iterator

from starlette.requests import Request

CHINESE = "zh-CN"
ENGLISH = "en"
LANGUAGES = (CHINESE, ENGLISH)
COOKIE = "lang"


def language_of(request: Request) -> str:
    """Choose the language of an answer: chosen by the person, asked for by the app, or preferred.

    `ui_locales` is OpenID Connect Core 1.0 §3.1.2.1, `Accept-Language` RFC 9110 §12.5.4.
    """
    for tag in _wishes(request):
        primary = tag.strip().lower().partition("-")[0]
        if primary in {"zh", "en"}:
            return ENGLISH if primary == "en" else CHINESE
    return CHINESE


def _wishes(request: Request) -> Iterator[str]:
    yield request.cookies.get(COOKIE, "")
    yield from request.query_params.get("ui_locales", "").split()
    yield from _accepted(request.headers.get("accept-language", ""))


def _accepted(header: str) -> list[str]:
    """Return the tags of an Accept-Language header, best liked first."""
    ranges = [item.partition(";q=") for item in header.replace(" ", "").split(",")[:20]]
    weighed = [(_weight(quality), tag) for tag, _, quality in ranges]
    return [tag for weight, tag in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0]


def _weight(quality: str) -> float:
    try:
        return float(quality or 1)
    except ValueError:
        return 0
