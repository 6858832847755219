"""Papers stamped by another authority: reached by its address, trusted under its own root."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certificates.errors import StampUnavailable
from certificates.signing import Signer, open_root, open_stamper
from certificates.stamps.authority import REPLY, answer
from certificates.stamps.tokens import imprint_of, verify
from service.opened import open_service
from service.settings import BadSetting, read_settings
from service.stamping import stamper_at

NOW = int(time.time())


@pytest.fixture
def elsewhere(tmp_path: Path) -> tuple[Signer, Signer]:
    root = open_root(tmp_path / "elsewhere", "别处", NOW)
    return root, open_stamper(root, tmp_path / "elsewhere", "别处", NOW)


@pytest.fixture
def own(tmp_path: Path) -> Signer:
    return open_root(tmp_path / "own", "本市", NOW)


@pytest.fixture
def authority(elsewhere: tuple[Signer, Signer]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            body = answer(asked, elsewhere[1], 7, NOW) if self.path == "/stamp" else b"hello"
            self.send_response(200 if self.path != "/down" else 503)
            self.send_header("Content-Type", REPLY)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_another_authority_stamps_by_its_address(
    authority: str, elsewhere: tuple[Signer, Signer], own: Signer
) -> None:
    roots = (own.der, elsewhere[0].der)
    token = stamper_at(authority + "/stamp", roots)(b"a signature")
    stamp = verify(token, imprint_of(b"a signature"), roots)
    assert stamp
    assert "别处" in stamp.authority


@pytest.mark.parametrize("path", ["/down", "/garbage"])
def test_an_authority_that_gives_none_is_told_apart(authority: str, own: Signer, path: str) -> None:
    with pytest.raises(StampUnavailable):
        stamper_at(authority + path, (own.der,))(b"a signature")


def test_an_authority_that_is_a_stranger_or_gone_gives_none(authority: str, own: Signer) -> None:
    with pytest.raises(StampUnavailable):
        stamper_at(authority + "/stamp", (own.der,))(b"a signature")
    with pytest.raises(StampUnavailable):
        stamper_at("http://127.0.0.1:9", (own.der,))(b"a signature")


@pytest.mark.parametrize("url", ["tsa.example", "ftp://tsa.example", "http://tsa.example:0"])
def test_an_address_that_cannot_be_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(BadSetting):
        read_settings({"HAIHE_TSA_URL": url})


def test_an_authority_needs_a_root(tmp_path: Path, own: Signer) -> None:
    environment = {"HAIHE_DATA": str(tmp_path / "data"), "HAIHE_TSA_URL": "http://tsa.example"}
    with pytest.raises(BadSetting):
        open_service(read_settings(environment), demo=False)
    (tmp_path / "roots.pem").write_bytes(own.certificate.public_bytes(Encoding.PEM))
    more = {"HAIHE_TSA_ROOTS": str(tmp_path / "roots.pem")}
    opened = open_service(read_settings(environment | more), demo=False)
    assert opened.stamp_roots == (own.der,)
    opened.database.close()
