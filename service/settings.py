"""Settings: the only reader of the environment.

Every setting has a prefix `HAIHE_`, a default that works on a fresh machine, and a check that
runs before anything is opened. A bad value stops the start with the setting's name, the value
that was found and one that would do.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from service.web.proxies import read_networks

PROJECT = Path(__file__).resolve().parents[1]
EMBEDDED = "embedded"
LOCAL = "127.0.0.1,::1"
MOST_DAYS = 3650
MASTER_FILE = "master.key"  # in the folder of keys, unless the setting names another
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
USUAL_PORT = 8000


class BadSetting(Exception):
    """A setting has a value that cannot work."""

    def __init__(self, name: str, value: str, why: str, good: str) -> None:
        super().__init__(f"{name} is {value!r}: {why}. A good value: {good}")
        self.name = name


@dataclass(frozen=True)
class Settings:
    """What the service was started with.

    Attributes:
        issuer: address that tokens name as their issuer, without a trailing slash.
        data: folder for the embedded database, the embedded chain and the keys.
        database_url: SQLAlchemy address, SQLite or PostgreSQL.
        chain_url: `embedded`, or the JSON-RPC address of an EVM node.
        require_par: `yes` if every app has to push its authorization requests, else `no`.
        registration: `open` if apps may register themselves, `token` if those may that hold a
            token of `haihe registration-tokens`, else `closed`.
        app_networks: private networks in which apps may be called, beside public addresses.
        resources: addresses of interfaces beside our own that read our tokens.
        key_rotation_days: age at which a token key gets a successor, 0 for never.
        master_key: file of the master key, None for one in the data folder.
        city: name of the city, as pages and the root certificate show it.
        log: `text`, or `json` for one JSON object a line.
        metrics_token: opens `/metrics` to other machines than this one; empty: to none.
        trusted_proxies: where proxies of ours are, which say for whom they speak.
        client_certificate_header: in which header they say which certificate a client showed;
            empty: in none.
        client_certificate_roots: file of the authorities that may vouch for apps, empty for none.
        upstreams: file of other providers that vouch for people, TOML or JSON; empty for none.
        witnesses: file that names the witnesses of our log and their addresses, a policy as in
            C2SP tlog-policy; empty for none.
        breached_passwords: file of leaked passwords, as words or sorted SHA-1; empty for none.
        tsa_url: of the time-stamp authority for papers; empty: our own.
        tsa_roots: file of the roots of other time-stamp authorities, those of before too.
    """

    issuer: str
    data: Path
    database_url: str
    chain_url: str
    city: str
    registration: str = "closed"
    require_par: str = "no"
    log: str = "text"
    metrics_token: str = ""
    trusted_proxies: str = LOCAL
    client_certificate_header: str = ""
    client_certificate_roots: str = ""
    app_networks: str = ""
    resources: tuple[str, ...] = ()
    key_rotation_days: int = 90
    master_key: Path | None = None
    upstreams: str = ""
    breached_passwords: str = ""
    tsa_url: str = ""
    tsa_roots: str = ""
    witnesses: str = ""

    @property
    def keys(self) -> Path:
        """Folder of private keys, readable by the owner only."""
        return self.data / "keys"

    @property
    def https(self) -> bool:
        """Whether browsers reach us over TLS, so that cookies can insist on it."""
        return self.issuer.startswith("https://")


def _issuer(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("not an http(s) address")
    if not _has_port_or_none(value):
        raise ValueError("the port is not a number from 1 to 65535")
    if parts.path or parts.query or parts.fragment or parts.username:
        raise ValueError("an issuer is scheme and host alone: no path, no slash at its end")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("http is for this machine only, other hosts need https")
    return value


def _has_port_or_none(value: str) -> bool:
    try:
        return urlsplit(value).port != 0
    except ValueError:
        return False


def _data(value: str) -> str:
    path = Path(value).expanduser()
    if path.exists() and not path.is_dir():
        raise ValueError("a file of that name is in the way")
    return str(path.resolve())


def _database_url(value: str) -> str:
    try:
        url = make_url(value)
    except ArgumentError:
        raise ValueError("not a database address") from None
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise ValueError("only SQLite and PostgreSQL are supported")
    if url.get_backend_name() == "sqlite" and not url.database:
        raise ValueError("an in-memory database would lose records that were answered")
    return re.sub(r"^postgresql://", "postgresql+psycopg://", value)


def _chain_url(value: str) -> str:
    if value != EMBEDDED and urlsplit(value).scheme not in {"http", "https"}:
        raise ValueError("neither 'embedded' nor an http(s) address of a JSON-RPC node")
    return value


def _city(value: str) -> str:
    if not 1 <= len(value) <= 40:
        raise ValueError("a name has 1 to 40 characters")
    return value


def _tsa_url(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise ValueError("not an http(s) address")
    if value and not _has_port_or_none(value):
        raise ValueError("the port is not a number from 1 to 65535")
    return value


def _registration(value: str) -> str:
    if value not in {"open", "token", "closed"}:
        raise ValueError("apps may register themselves freely, with a token, or not at all")
    return value


def _yes_or_no(value: str) -> str:
    if value not in {"yes", "no"}:
        raise ValueError("neither yes nor no")
    return value


def _log(value: str) -> str:
    if value not in {"text", "json"}:
        raise ValueError("either people read the log or machines")
    return value


def _metrics_token(value: str) -> str:
    if value and not (value.isascii() and value.isprintable() and 20 <= len(value) <= 200):
        raise ValueError("a token has 20 to 200 printable ASCII characters")
    return value


def _networks(value: str) -> str:
    try:
        read_networks(value)
    except ValueError:
        raise ValueError("not a list of addresses and networks") from None
    return value


def _header(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]*", value):
        raise ValueError("not the name of a header")
    return value


def _file(value: str) -> str:
    if value and Path(value).is_dir():
        raise ValueError("a folder, and no file")
    return value


def _resources(value: str) -> str:
    for address in value.split():
        parts = urlsplit(address)
        own = parts.scheme == "http" and parts.hostname in LOOPBACK
        secure = parts.scheme == "https" or own
        if not secure or not parts.hostname or "#" in address or not _has_port_or_none(address):
            raise ValueError("an interface has an https address without a fragment")
    return value


def _days(value: str) -> str:
    if not value.isdecimal() or not 0 <= int(value) <= MOST_DAYS:
        raise ValueError(f"a number of days from 0, for never, to {MOST_DAYS}")
    return value


def _master_key(value: str) -> str:
    if value and not Path(value).is_absolute():
        raise ValueError("not a whole path, so it would depend on where the service is started")
    return value


def _upstreams(value: str) -> str:
    if value and not value.endswith((".toml", ".json")):
        raise ValueError("not the name of a .toml or .json file")
    return value


@dataclass(frozen=True)
class _Rule:
    check: Callable[[str], str]
    good: str
    secret: bool = False


RULES: Mapping[str, _Rule] = {
    "HAIHE_ISSUER": _Rule(_issuer, "https://id.example.gov"),
    "HAIHE_DATA": _Rule(_data, "haihe-data"),
    "HAIHE_DATABASE_URL": _Rule(_database_url, "postgresql://haihe@localhost/haihe"),
    "HAIHE_CHAIN_URL": _Rule(_chain_url, "http://127.0.0.1:8545"),
    "HAIHE_CITY": _Rule(_city, "天津市"),
    "HAIHE_REGISTRATION": _Rule(_registration, "closed"),
    "HAIHE_REQUIRE_PAR": _Rule(_yes_or_no, "no"),
    "HAIHE_LOG": _Rule(_log, "json"),
    "HAIHE_METRICS_TOKEN": _Rule(_metrics_token, "a-long-random-text-of-your-own", secret=True),
    "HAIHE_TRUSTED_PROXIES": _Rule(_networks, "10.0.0.0/24"),
    "HAIHE_CLIENT_CERTIFICATE_HEADER": _Rule(_header, "Client-Cert"),
    "HAIHE_CLIENT_CERTIFICATE_ROOTS": _Rule(_file, "authorities.pem"),
    "HAIHE_APP_NETWORKS": _Rule(_networks, "10.20.0.0/16"),
    "HAIHE_RESOURCES": _Rule(_resources, "https://tax.example.gov/api https://water.example.gov"),
    "HAIHE_KEY_ROTATION_DAYS": _Rule(_days, "90"),
    "HAIHE_MASTER_KEY_FILE": _Rule(_master_key, "/run/secrets/haihe-master.key"),
    "HAIHE_UPSTREAMS": _Rule(_upstreams, "upstreams.toml"),
    "HAIHE_WITNESSES": _Rule(_file, "witnesses.policy"),
    "HAIHE_TSA_URL": _Rule(_tsa_url, "http://tsa.example.gov/stamp"),
    "HAIHE_TSA_ROOTS": _Rule(_file, "tsa-roots.pem"),
    "HAIHE_BREACHED_PASSWORDS": _Rule(_file, "pwned-passwords-sha1-ordered.txt"),
}


def read_settings(environment: Mapping[str, str], port: int = 0) -> Settings:
    """Read and check every setting.

    Args:
        environment: the process environment.
        port: where we listen; the issuer has this port unless it is set. 0: the usual one.

    Raises:
        BadSetting: a value cannot work, or a name starts with `HAIHE_` and is none of ours.
    """
    for name in environment:
        if name.startswith("HAIHE_") and name not in RULES:
            raise BadSetting(
                name, environment[name], "no such setting", "one of " + ", ".join(RULES)
            )
    data = _read(environment, "HAIHE_DATA", str(PROJECT / "haihe-data"))
    master = _read(environment, "HAIHE_MASTER_KEY_FILE", "")
    return Settings(
        issuer=_read(environment, "HAIHE_ISSUER", f"http://127.0.0.1:{port or USUAL_PORT}"),
        data=Path(data),
        database_url=_read(environment, "HAIHE_DATABASE_URL", f"sqlite:///{data}/haihe.sqlite"),
        chain_url=_read(environment, "HAIHE_CHAIN_URL", EMBEDDED),
        city=_read(environment, "HAIHE_CITY", "演示市"),
        registration=_read(environment, "HAIHE_REGISTRATION", "closed"),
        require_par=_read(environment, "HAIHE_REQUIRE_PAR", "no"),
        log=_read(environment, "HAIHE_LOG", "text"),
        metrics_token=_read(environment, "HAIHE_METRICS_TOKEN", ""),
        trusted_proxies=_read(environment, "HAIHE_TRUSTED_PROXIES", LOCAL),
        client_certificate_header=_read(environment, "HAIHE_CLIENT_CERTIFICATE_HEADER", ""),
        client_certificate_roots=_read(environment, "HAIHE_CLIENT_CERTIFICATE_ROOTS", ""),
        app_networks=_read(environment, "HAIHE_APP_NETWORKS", ""),
        resources=tuple(_read(environment, "HAIHE_RESOURCES", "").split()),
        key_rotation_days=int(_read(environment, "HAIHE_KEY_ROTATION_DAYS", "90")),
        master_key=Path(master) if master else None,
        upstreams=_read(environment, "HAIHE_UPSTREAMS", ""),
        tsa_url=_read(environment, "HAIHE_TSA_URL", ""),
        tsa_roots=_read(environment, "HAIHE_TSA_ROOTS", ""),
        breached_passwords=_read(environment, "HAIHE_BREACHED_PASSWORDS", ""),
        witnesses=_read(environment, "HAIHE_WITNESSES", ""),
    )


def bad_master(settings: Settings, why: str) -> BadSetting:
    """Say why the master key cannot be used."""
    name, file = "HAIHE_MASTER_KEY_FILE", settings.master_key or settings.keys / MASTER_FILE
    return BadSetting(name, str(file), why, RULES[name].good)


def make_data_folder(settings: Settings) -> None:
    """Make the data folder at the first start.

    Raises:
        BadSetting: it cannot be made there.
    """
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings.data.chmod(0o700)  # what lies in it is nobody else's to read
    except OSError as error:
        why = f"the folder cannot be made ({error.strerror})"
        raise BadSetting("HAIHE_DATA", str(settings.data), why, RULES["HAIHE_DATA"].good) from None


def _read(environment: Mapping[str, str], name: str, default: str) -> str:
    value = environment.get(name) or default
    try:
        return RULES[name].check(value)
    except ValueError as error:
        shown = "…" if RULES[name].secret else value
        raise BadSetting(name, shown, str(error), RULES[name].good) from None
