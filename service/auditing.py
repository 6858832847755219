"""What an auditor does by command: audit, trust, evidence, check."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rich.console import Console
from rich.markup import escape

from certificates.chains import verify_chain
from certificates.errors import CertificateError
from certificates.formats import sd_jwt
from certificates.licences import Exhibit as LicenceExhibit
from certificates.store import CertificateStore
from ledger.auditing import Exhibit, Report, Snapshot, audit
from ledger.errors import ChainError, LedgerError, TrustUnreadable
from ledger.evidence import check_evidence, make_evidence
from ledger.store import LedgerStore
from ledger.trust import Trust, parse_trust
from service.app import make_trust
from service.opened import Opened, wall_clock


def run_audit(opened: Opened) -> Report:
    """Recompute everything that the service keeps.

    Raises:
        ChainError: the chain does not answer, so nothing can be said.
    """

    @contextmanager
    def snapshot() -> Iterator[Snapshot]:
        with opened.database.snapshot() as connection:
            exhibits = CertificateStore(connection).exhibits()
            yield Snapshot(LedgerStore(connection), map(_exhibit, exhibits))

    chain = opened.open_chain(mines=False)
    try:
        return audit(snapshot, opened.log.key, chain)
    finally:
        chain.close()


def _exhibit(exhibit: LicenceExhibit) -> Exhibit:
    return Exhibit(**vars(exhibit))


def print_audit(opened: Opened, console: Console) -> bool:
    """Audit and print the counts; true only if nothing was changed."""
    try:
        report = run_audit(opened)
    except ChainError as error:
        console.print(f"The chain does not answer, nothing can be said: {error}", markup=False)
        return False
    for name, count in vars(report.counts).items():
        console.print(f"  {name.replace('_', ' '):20} {count:>10,}")
    if report.finding is not None:
        console.print("[red]Changed:[/red]", end=" ")
        console.print(str(report.finding), markup=False)
        return False
    console.print(
        "Records, licences, tree, checkpoints, anchors and contract are as they were signed."
    )
    return True


def write_evidence(opened: Opened, record: str, out: Path, fields: str, console: Console) -> bool:
    """Write the evidence of a record, named by its leaf number or its id."""
    chain = opened.open_chain(mines=False)
    chosen = [name.strip() for name in fields.split(",")] if fields else None
    try:
        with opened.reading_ledger() as store:
            record_id = _record_id(store, record)
            data = make_evidence(store, record_id, opened.log, chain.chain_id, chosen)
    except LedgerError as error:
        console.print(str(error), markup=False, style="red")
        return False
    finally:
        chain.close()
    out.write_bytes(data)
    console.print(f"{out}: {len(data):,} bytes, the proof of record {record_id}")
    return True


def _record_id(store: LedgerStore, record: str) -> str:
    if record.isdecimal() and len(record) < 16:  # ids have 32 characters
        found = store.find_record_at(int(record))
        return found.record_id if found else record
    return record


def write_trust(opened: Opened, out: Path, console: Console) -> bool:
    """Write what a verifier pins."""
    chain = opened.open_chain(mines=False)
    try:
        trust = make_trust(opened, chain)()
    except LedgerError as error:
        console.print(str(error), markup=False, style="red")
        return False
    finally:
        chain.close()
    out.write_bytes(trust.encode())
    console.print(
        f"{out}: log {trust.log_key.origin}, chain {trust.chain_id}, {trust.contract}",
        soft_wrap=True,
    )
    return True


def check_file(file: Path, trust_file: Path, console: Console) -> bool:
    """Check an evidence file or a licence, printing every step; true only if all passed."""
    try:
        trust = parse_trust(trust_file.read_bytes())
        data = file.read_bytes()
    except (OSError, TrustUnreadable) as error:
        console.print(str(error), markup=False, style="red")
        return False
    licence = _is_licence(data)
    steps = check_licence(data, trust) if licence else _evidence_steps(data, trust)
    passed = True
    for step, good in steps:
        mark = "[green]✓[/green]" if good else "[red]✗[/red]"
        console.print(mark, escape(step), highlight=False, soft_wrap=True)
        passed = passed and good
    _conclude(console, trust, passed=passed, licence=licence)
    return passed


def _conclude(console: Console, trust: Trust, *, passed: bool, licence: bool) -> None:
    if not passed:
        console.print("[red]Refused.[/red]")
    elif licence:
        console.print("Genuine as issued. Whether it still counts was not checked: ask online.")
    else:
        console.print("Genuine.")
    if passed and not licence and not trust.independent:
        console.print("Anchored on a development chain: no independent trust.")


Steps = Iterator[tuple[str, bool]]


def _evidence_steps(data: bytes, trust: Trust) -> Steps:
    for step in check_evidence(data, trust):
        yield f"{step.number}. {step.zh} / {step.en}", step.passed


def _is_licence(data: bytes) -> bool:
    return data.lstrip()[:1] != b"{" and b"~" in data


def check_licence(data: bytes, trust: Trust) -> Steps:
    """Check a licence as far as it can be checked without asking: form, chain, signature, time."""
    try:
        reading = sd_jwt.read(data.decode().strip())
        yield "1. 证照格式正确 / The text has the form of a licence", True
        leaf = verify_chain(reading.chain, _root(trust), wall_clock())
        yield f"2. 签名证书由指定的根证书签发 / The key is under the pinned root: {leaf.name}", True
        sd_jwt.verify(reading, leaf.key)
        yield "3. 电子签名有效 / The signature is good, nothing was changed", True
    except (CertificateError, UnicodeDecodeError, ValueError) as error:
        yield f"不成立 / Refused: {error}", False
        return
    credential, now = reading.credential, wall_clock()
    same = leaf.code == credential.issuer_code
    yield "4. 签名部门就是发证部门 / The department that signed is the one that issued", same
    inside = credential.valid_from <= now < (credential.valid_to or now + 1)
    yield "5. 在有效期内 / Within its period of validity", inside


def _root(trust: Trust) -> bytes:
    if not trust.roots:
        raise ValueError("the trust file pins no city root")
    return x509.load_pem_x509_certificate(trust.roots[0].encode()).public_bytes(Encoding.DER)
