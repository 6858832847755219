"""Forms as browsers send them, read within bounds."""

from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Mapping
from urllib.parse import parse_qsl

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from service.web.errors import FieldRepeated, FormTooLarge, FormUnreadable

FORM_BYTES = 64 * 1024
UPLOAD_BYTES = 8 * 1024 * 1024
FIELDS = 200
FILES = 4

Upload = tuple[Mapping[str, str], Mapping[str, bytes]]


async def read_form(request: Request, limit: int = FORM_BYTES) -> Mapping[str, str]:
    """Read an `application/x-www-form-urlencoded` body (URL Standard §5.1).

    Raises:
        FormUnreadable: another content type, or not UTF-8, or too many fields, or a NUL in one.
        FormTooLarge: longer than `limit` bytes.
        FieldRepeated: a name appears twice.
    """
    _check_type(request, "application/x-www-form-urlencoded")
    body = await _read_body(request, limit)
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=FIELDS
        )
    except ValueError as error:
        raise FormUnreadable("the form is not UTF-8, or has too many fields") from error
    _check_distinct(name for name, _ in pairs)
    _check_texts(dict(pairs))
    return dict(pairs)


async def read_upload(request: Request, limit: int = UPLOAD_BYTES) -> Upload:
    """Read a `multipart/form-data` body (RFC 7578): its fields and its files.

    A file input left empty is not among the files.

    Raises:
        FormUnreadable: another content type, or a broken or too varied body.
        FormTooLarge: longer than `limit` bytes.
        FieldRepeated: a name appears twice.
    """
    _check_type(request, "multipart/form-data")
    body = await _read_body(request, limit)
    parser = MultiPartParser(
        request.headers, _one(body), max_files=FILES, max_fields=FIELDS, max_part_size=FORM_BYTES
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:
        raise FormUnreadable("the form cannot be taken apart") from error
    try:
        return await _taken_apart(form)
    finally:
        await form.close()


async def _taken_apart(form: FormData) -> Upload:
    items = form.multi_items()
    _check_distinct(name for name, _ in items)
    fields = {name: value for name, value in items if isinstance(value, str)}
    files = {
        name: await value.read()
        for name, value in items
        if isinstance(value, UploadFile) and value.filename
    }
    _check_texts(fields)
    return fields, files


async def _read_body(request: Request, limit: int) -> bytes:
    """Read the body, but stop as soon as it is longer than allowed."""
    chunks: list[bytes] = []
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > limit:
            raise FormTooLarge(f"the form is longer than {limit} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


async def _one(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


def _check_type(request: Request, wanted: str) -> None:
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent != wanted:
        raise FormUnreadable(f"the form should be {wanted}")


def _check_distinct(names: Iterable[str]) -> None:
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    if repeated:
        raise FieldRepeated(f"sent more than once: {', '.join(repeated)}")


def _check_texts(fields: Mapping[str, str]) -> None:
    """Check that each text is one: nobody types a NUL, and PostgreSQL keeps none."""
    if any("\0" in name or "\0" in value for name, value in fields.items()):
        raise FormUnreadable("a field holds a NUL")
