"""`haihe verify`: the faces of a licence checked together, without network and without database."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rich.console import Console

from certificates.checks import Check, judge
from certificates.faces import Face, Faces, open_pdf, open_qr, open_sd_jwt
from certificates.judging import check_presented
from certificates.pages.pictures import read_qr
from ledger.errors import TrustUnreadable
from ledger.trust import parse_trust

MARKS = {"passed": "[green]✓[/green]", "failed": "[red]✗[/red]", "not-applicable": "[dim]–[/dim]"}


def verify_files(files: list[Path], trust_file: Path, now: int, console: Console) -> bool:
    """Check files of one licence, printing every check; true only if none failed.

    What only the service knows (state, authority, purpose, ledger) is not applicable here.
    """
    try:
        trust = parse_trust(trust_file.read_bytes())
        root = x509.load_pem_x509_certificate(trust.roots[0].encode()).public_bytes(Encoding.DER)
        faces = Faces(tuple(open_face(file.read_bytes()) for file in files))
    except (OSError, TrustUnreadable, IndexError, ValueError) as error:
        console.print(str(error), markup=False, style="red")
        return False
    checks = [judge(code, each) for code, each in check_presented(faces, root, now).items()]
    for check in checks:
        console.print(MARKS[check.result], _said(check), highlight=False, soft_wrap=True)
    passed = all(check.result != "failed" for check in checks)
    console.print(_conclusion(faces, passed=passed), soft_wrap=True, highlight=False)
    return passed


def open_face(data: bytes) -> Face:
    """Tell a PDF, an SD-JWT, the text of an offline code and a picture of one apart."""
    if data.startswith(b"%PDF-"):
        return open_pdf(data)
    text = data.decode("ascii", errors="replace").strip()
    if text.startswith("HAIHE1:"):
        return open_qr(text)
    if text.count(".") >= 2 and "~" in text and text.isprintable():
        return open_sd_jwt(text)
    return open_qr(read_qr(data) or "")


def _said(check: Check) -> str:
    reason = f" ({check.reason})" if check.reason else ""
    return f"{check.number}. {check.code}{reason}: {check.sentence.zh} / {check.sentence.en}"


def _conclusion(faces: Faces, *, passed: bool) -> str:
    if not passed:
        return "[red]Refused.[/red]"
    return f"Genuine as issued: {faces.identifier}. Whether it still counts: ask online."
