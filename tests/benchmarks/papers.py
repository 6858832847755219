"""Licences on paper, beside pyHanko in the same run: `python -m tests.benchmarks.papers`.

One process, no database: drawing, signing and reading alone, per CPU second. pyHanko signs what our
renderer drew, with the same key, and validates what we signed, under the same root.
"""

import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore
from rich.console import Console
from rich.table import Table

from certificates.catalogue import find_type
from certificates.downloading import PaperTools, make_paper
from certificates.faces import Faces, open_pdf
from certificates.formats import sd_jwt
from certificates.formats.credential import Credential
from certificates.judging import check_presented
from certificates.licences import Licence
from certificates.papers.drawing import open_drawer
from certificates.signing import Signer, open_department, open_root
from service import demo

NOW = 1_790_000_000
FLOORS = {"PDF issue": 150, "PDF verify": 1000}
SECONDS = 3.0
KIND = find_type(demo.TOUR_TYPE)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        root = open_root(Path(folder), "演示市", NOW)
        name, code = demo.MARKET, demo.LEGAL_PERSONS[demo.MARKET]
        signer = open_department(root, Path(folder), code, name, NOW)
        show(rates(root, signer, licence_of(signer, code, name)))
    return 0


def licence_of(signer: Signer, code: str, name: str) -> Licence:
    identifier = "1.2.156.3005.2.11120101000002014A002.11120101000002014A.20260000000002.001.C"
    credential = Credential(
        identifier, "https://haihe.example/t", "https://haihe.example", code,
        {"code": demo.COMPANY_CODE, "name": demo.COMPANY}, demo.TOUR_FIELDS,
        NOW, NOW, None, "https://haihe.example/status-lists/0", 1,
    )  # fmt: skip
    text = sd_jwt.write(credential, signer, os.urandom)
    return Licence(
        identifier, KIND.code, "market", code, name, "company", demo.COMPANY_CODE, demo.COMPANY,
        demo.TOUR_FIELDS, text, NOW, NOW, None, 1, "record", "valid", NOW,
    )  # fmt: skip


def rates(root: Signer, signer: Signer, licence: Licence) -> dict[str, float]:
    drawer = open_drawer()
    tools = PaperTools(drawer, lambda _code, _name: signer)
    paper = make_paper(licence, tools, NOW).pdf
    drawn = drawer(licence, KIND, "HAIHE1:BENCH.")
    theirs = pyhanko_signer(signer)

    def verify() -> None:
        outcomes = check_presented(Faces((open_pdf(paper),)), root.der, NOW)
        if (outcomes["signature"], outcomes["chain"], outcomes["agreement"]) != ("", "", ""):
            raise SystemExit(f"not verified: {outcomes}")

    return {
        "PDF issue": per_cpu_second(lambda: make_paper(licence, tools, NOW)),
        "pyHanko signs a PDF drawn before": per_cpu_second(lambda: pyhanko_signs(theirs, drawn)),
        "PDF verify": per_cpu_second(verify),
        "pyHanko verifies the same": per_cpu_second(lambda: pyhanko_verifies(root, paper)),
    }


def per_cpu_second(work: Callable[[], object]) -> float:
    work()
    done, began = 0, time.process_time()
    while (used := time.process_time() - began) < SECONDS:
        work()
        done += 1
    return done / used


def pyhanko_signer(signer: Signer) -> PdfSigner:
    der = signer.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    simple = SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(signer.der),
        signing_key=asn1_keys.PrivateKeyInfo.load(der),
        cert_registry=SimpleCertificateStore(),
    )
    metadata = PdfSignatureMetadata(field_name="haihe", subfilter=SigSeedSubFilter.PADES)
    return PdfSigner(metadata, signer=simple)


def pyhanko_signs(signer: PdfSigner, drawn: bytes) -> None:
    signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(drawn)))


def pyhanko_verifies(root: Signer, paper: bytes) -> None:
    context = ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(root.der)],
        allow_fetching=False,
        moment=datetime.fromtimestamp(NOW, UTC),
    )
    status = validate_pdf_signature(
        PdfFileReader(io.BytesIO(paper)).embedded_signatures[0], context
    )
    if not status.bottom_line:
        raise SystemExit("pyHanko refused it")


def show(rates: dict[str, float]) -> None:
    table = Table(title="Licences on paper, one process")
    for title in ("what", "per CPU s", "floor"):
        table.add_column(title, justify="left" if title == "what" else "right")
    for name, rate in rates.items():
        table.add_row(name, f"{rate:,.0f}", str(FLOORS.get(name, "")))
    Console(width=100).print(table)


if __name__ == "__main__":
    sys.exit(main())
