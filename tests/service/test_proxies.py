"""Who stands before us is believed when the operator named them, and nobody else is."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from service.opened import open_service
from service.settings import BadSetting, read_settings
from service.web.proxies import TrustedProxies, read_networks
from tests.identity.certificates import ROOT, issue
from tests.running_loops import run_alone

line = pytest.mark.line
SHOWN = issue(issuer=ROOT)
HEADER = "Client-Cert"
OURS = "10.0.0.0/24,::1"


def seen(client: object, *headers: tuple[str, str], header: str = HEADER) -> dict[str, Any]:
    """What the application behind sees of a request."""
    found: dict[str, Any] = {}

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        found.update(scope)

    written = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    scope = {"type": "http", "client": client, "headers": written, "extensions": {"own": {}}}
    proxies = TrustedProxies(app, read_networks(OURS), header)
    run_alone(proxies(scope, None, None))  # type: ignore[arg-type]
    return found


def certificate(scope: dict[str, Any]) -> str:
    chain = scope["extensions"].get("tls", {}).get("client_cert_chain", [""])
    return str(chain[0])


CERTIFICATE = (HEADER, quote(SHOWN.pem))


@line(23)
@pytest.mark.parametrize(
    ("client", "believed"),
    [
        (("10.0.0.7", 1), True),
        (("::1", 1), True),
        (("10.0.1.7", 1), False),
        (("203.0.113.7", 1), False),
        (("a unix socket", 1), False),
        (None, False),
    ],
)
def test_a_certificate_is_taken_from_our_proxies_alone(client: object, *, believed: bool) -> None:
    scope = seen(client, CERTIFICATE, ("Accept", "x"))
    assert (certificate(scope) == SHOWN.pem) is believed
    assert scope["headers"] == [(b"accept", b"x")]
    assert "own" in scope["extensions"]


@line(23)
def test_a_certificate_in_any_other_header_is_nothing() -> None:
    proxy = ("10.0.0.7", 1)
    assert not certificate(seen(proxy, ("X-Client-Cert", CERTIFICATE[1])))
    assert not certificate(seen(proxy, CERTIFICATE, CERTIFICATE))
    assert not certificate(seen(proxy, (HEADER, "")))
    assert not certificate(seen(proxy, CERTIFICATE, header=""))


@pytest.mark.parametrize(
    ("client", "said", "address"),
    [
        ("10.0.0.7", "198.51.100.9", "198.51.100.9"),
        ("10.0.0.7", "192.0.2.1, 198.51.100.9", "198.51.100.9"),
        ("10.0.0.7", "192.0.2.1, 198.51.100.9, 10.0.0.8", "198.51.100.9"),
        ("10.0.0.7", "10.0.0.8", "10.0.0.7"),
        ("10.0.0.7", "", "10.0.0.7"),
        ("203.0.113.7", "198.51.100.9", "203.0.113.7"),
    ],
)
def test_an_address_is_the_last_that_is_not_ours(client: str, said: str, address: str) -> None:
    assert seen((client, 1), ("X-Forwarded-For", said))["client"][0] == address


def test_what_is_no_request_passes() -> None:
    passed = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        passed.append(scope)

    proxies = TrustedProxies(app, read_networks(OURS), HEADER)
    run_alone(proxies({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert passed == [{"type": "lifespan"}]


@pytest.mark.parametrize("content", [None, b"", b"nothing", SHOWN.pem.encode()])
def test_authorities_that_cannot_be_read_stop_the_start(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "authorities.pem"
    if content is not None:
        file.write_bytes(content)
    settings = read_settings(
        {"HAIHE_DATA": str(tmp_path / "data"), "HAIHE_CLIENT_CERTIFICATE_ROOTS": str(file)}
    )
    with pytest.raises(BadSetting, match="HAIHE_CLIENT_CERTIFICATE_ROOTS"):
        open_service(settings, demo=False)


def test_authorities_are_read_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "authorities.pem"
    file.write_text(ROOT.pem + issue("CN=another", authority=True).pem)
    settings = read_settings(
        {
            "HAIHE_DATA": str(tmp_path / "data"),
            "HAIHE_CLIENT_CERTIFICATE_ROOTS": str(file),
            "HAIHE_CLIENT_CERTIFICATE_HEADER": HEADER,
        }
    )
    opened = open_service(settings, demo=False)
    assert len(opened.realm.client_roots) == 2
    assert opened.realm.certificate_methods == ("tls_client_auth", "self_signed_tls_client_auth")
    opened.database.close()
