"""`haihe witness`: a witness for other logs, a small service with a folder of its own.

POST /add-checkpoint   C2SP tlog-witness
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from ledger.checkpoint import LogKey, parse_verifier_key
from ledger.cosignature import ED25519, ML_DSA_44, WitnessSigner, make_witness
from ledger.errors import (
    HeadConflict,
    LedgerError,
    LogUnknown,
    NoteRejected,
    ProofRejected,
    SignerUnknown,
)
from ledger.store.witnessed import WitnessStore, metadata
from ledger.witness import Witness, add_checkpoint, parse_submission
from service.database import Database

MOST_BYTES = 64 * 1024
SEED_BYTES = 32
SIZE = "text/x.tlog.size"

STATUS: Mapping[type[LedgerError], int] = {
    NoteRejected: 400,
    SignerUnknown: 403,
    LogUnknown: 404,
    HeadConflict: 409,
    ProofRejected: 422,
}


def open_witness(folder: Path, name: str, logs: Mapping[str, LogKey]) -> Witness:
    """Open a witness's folder: its key and the heads it cosigned; the first start makes them.

    Raises:
        NoteRejected: the name cannot stand in a note.
    """
    folder.mkdir(parents=True, exist_ok=True)
    signers = (
        open_key(folder / "witness.key", name, ED25519),
        open_key(folder / "witness-ml-dsa.key", name, ML_DSA_44),
    )
    database = Database(f"sqlite:///{folder / 'witness.db'}")
    with database.writing() as connection:
        metadata.create_all(connection)

    @contextmanager
    def reading() -> Iterator[WitnessStore]:
        with database.reading() as connection:
            yield WitnessStore(connection)

    @contextmanager
    def writing() -> Iterator[WitnessStore]:
        with database.writing() as connection:
            yield WitnessStore(connection)

    return Witness(signers, logs, reading, writing)


def open_key(path: Path, name: str, kind: bytes) -> WitnessSigner:
    """Read a key of the witness, after making it if there is none."""
    if not path.exists():
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(os.urandom(SEED_BYTES))
    return make_witness(name, path.read_bytes(), kind)


def read_logs(path: Path) -> Mapping[str, LogKey]:
    """Read which logs are followed: a file with one verifier key per line.

    Raises:
        NoteRejected: a line is no key, a log has two, or there is none.
    """
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    keys = [parse_verifier_key(line) for line in lines if line and not line.startswith("#")]
    logs = {key.origin: key for key in keys}
    if not keys or len(logs) != len(keys):
        raise NoteRejected("a witness follows at least one log, and each log by one key")
    return logs


def create_witness_app(witness: Witness) -> FastAPI:
    """Make the witness's web application."""
    app = FastAPI(openapi_url=None)

    @app.post("/add-checkpoint")
    async def add(request: Request) -> Response:
        """Cosign a head (C2SP tlog-witness)."""
        body = await _read(request)
        return await run_in_threadpool(_answer, witness, body)

    return app


async def _read(request: Request) -> bytes:
    """Read a body up to one byte more than is allowed; the rest stays on the line."""
    body = b""
    async for part in request.stream():
        body += part[: MOST_BYTES + 1 - len(body)]
        if len(body) > MOST_BYTES:
            break
    return body


def _answer(witness: Witness, body: bytes) -> Response:
    try:
        if len(body) > MOST_BYTES:
            raise NoteRejected("the request is too long")
        line = add_checkpoint(witness, parse_submission(body), int(time.time()))
    except HeadConflict as error:
        return Response(f"{error.size}\n", STATUS[HeadConflict], {"Content-Type": SIZE})
    except tuple(STATUS) as error:
        status = next(code for kind, code in STATUS.items() if isinstance(error, kind))
        return Response(f"{error}\n", status, media_type="text/plain")
    return Response(line, media_type="text/plain")


commands = typer.Typer(help="Cosign the heads of other logs.", no_args_is_help=True)


@commands.command("serve")
def serve(
    name: Annotated[str, typer.Option(help="Name of the witness, as in `city.example/w1`.")],
    logs: Annotated[Path, typer.Option(help="File with one verifier key of a log per line.")],
    data: Annotated[Path, typer.Option(help="Folder of its key and of the heads it cosigned.")],
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where to listen.")],
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
) -> None:
    """Serve as a witness until told to stop."""
    try:
        witness = open_witness(data, name, read_logs(logs))
    except (OSError, ValueError, NoteRejected) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    for signer in witness.signers:
        typer.echo(f"Witness {signer.key.verifier_key()} for {', '.join(witness.logs)}")
    uvicorn.run(create_witness_app(witness), host=host, port=port, log_level="warning")
