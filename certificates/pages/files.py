"""Files that pages and API hand out."""

from starlette.responses import Response

from certificates.downloading import Downloaded
from certificates.errors import Sentence
from certificates.papers.sealing import MEDIA_TYPE

REFUSED = 422
NO_PURPOSE = Sentence(
    "请写明用途，一行，最多 200 字", "State the purpose: one line, up to 200 characters"
)


def file_answer(identifier: str, paper: Downloaded) -> Response:
    """Answer with a file to keep; a header names the record."""
    headers = {
        "Content-Disposition": f'attachment; filename="{identifier}.pdf"',
        "Haihe-Record": paper.record,
    }
    return Response(paper.pdf, media_type=MEDIA_TYPE, headers=headers)


def refusal_of(purpose: str | None) -> dict[str, object]:
    """What the form of a download shows: a purpose that was refused, or nothing yet (None)."""
    return {"purpose": purpose or "", "refused": None if purpose is None else NO_PURPOSE}
