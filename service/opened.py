"""The service, opened: its database, keys and clock, without web pages or background work.

The command line and the web application both start here.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from certificates.matters import MATTERS
from certificates.signing import Signer, open_root
from certificates.store import CertificateStore
from identity.asking.acting_details import ACTING, Acting
from identity.errors import BadPasswordList, BadUpstream, SealBroken
from identity.operating.rotating import prepare_keys
from identity.people.mandates import MatterName
from identity.proofs.client_certificates import read_roots
from identity.realm import Direct, Realm, Result, no_list
from identity.seals import KEY_BYTES, Seals
from identity.sign_in.leaked import IsLeaked, open_list
from identity.store import IdentityStore, KnownClients
from identity.upstreams.configured import Upstream, read_upstreams
from ledger.chains import ChainSetup, open_chain
from ledger.chains.chain import Chain
from ledger.checkpoint import LogSigner, make_signer, open_checkpoint, origin_of
from ledger.cosignature import ML_DSA_44, WitnessSigner, make_witness
from ledger.errors import NoteRejected
from ledger.policy import Policy
from ledger.records import PseudonymKey
from ledger.store import LedgerStore
from service.cosigning import read_witnesses
from service.database import Database
from service.licence_details import LICENCE_USE, LicenceUse
from service.metrics import Metrics
from service.migrate import migrate
from service.postgres.asides import Asides
from service.secrets import derive, read_master
from service.settings import BadSetting, Settings, bad_master, make_data_folder
from service.web.proxies import read_networks


@dataclass(frozen=True)
class Opened:
    """What everything else is built from.

    Attributes:
        demo: whether accounts and clients of the demo data may be used.
        metrics: what this process counts.
        clock: Unix time in seconds.
        random: source of random bytes.
        second_log: the log's second key, ML-DSA-44.
        policy: who is asked to cosign the log; None for nobody.
        page_secret: key of the form tokens.
        stamp_roots: of other time-stamp authorities, DER.
        operator_key: secp256k1 key that sends to the chain.
    """

    settings: Settings
    demo: bool
    database: Database
    realm: Realm
    root: Signer
    pseudonyms: PseudonymKey
    log: LogSigner
    second_log: WitnessSigner
    policy: Policy | None
    metrics: Metrics
    page_secret: bytes
    operator_key: bytes
    stamp_roots: tuple[bytes, ...]
    clock: Callable[[], int]
    random: Callable[[int], bytes]

    @contextmanager
    def reading_ledger(self) -> Iterator[LedgerStore]:
        """The ledger's rows, in a transaction that reads."""
        with self.database.reading() as connection:
            yield LedgerStore(connection)

    @contextmanager
    def writing_ledger(self) -> Iterator[LedgerStore]:
        """The ledger's rows, in a transaction that writes."""
        with self.database.writing() as connection:
            yield LedgerStore(connection)

    @contextmanager
    def reading_certificates(self) -> Iterator[CertificateStore]:
        """The certificates' rows, in a transaction that reads."""
        with self.database.reading() as connection:
            yield CertificateStore(connection)

    def open_chain(self, *, mines: bool) -> Chain:
        """Open the chain; only the service itself mines the embedded one."""
        folder = self.settings.data
        return open_chain(ChainSetup(self.settings.chain_url, folder, self.operator_key, mines))

    @property
    def root_pem(self) -> str:
        """The city's root certificate, as verifiers pin it."""
        return self.root.certificate.public_bytes(Encoding.PEM).decode()


def wall_clock() -> int:
    """Unix time in whole seconds."""
    return int(time.time())


def open_service(settings: Settings, *, demo: bool) -> Opened:
    """Open everything the settings name, and bring the database to the newest schema.

    The first start makes the data folder, the keys and the tables.

    Raises:
        BadSetting: the data folder cannot be made, or its log has the name of another address.
    """
    make_data_folder(settings)
    master = _master(settings)
    database = Database(settings.database_url)
    migrate(database)
    metrics = Metrics()
    realm = _realm(settings, database, master, metrics, demo=demo)
    _open_keys(realm, settings)
    origin = origin_of(settings.issuer)
    _check_log_name(database, settings.issuer, derive(master, "log"))
    return Opened(
        settings=settings,
        demo=demo,
        database=database,
        realm=realm,
        metrics=metrics,
        root=open_root(settings.keys, settings.city, wall_clock()),
        pseudonyms=PseudonymKey(derive(master, "pseudonyms")),
        log=make_signer(origin, derive(master, "log")),
        second_log=make_witness(origin, derive(master, "log, second key"), ML_DSA_44),
        policy=read_witnesses(settings.witnesses),
        page_secret=derive(master, "pages"),
        stamp_roots=_stamp_roots(settings),
        operator_key=derive(master, "chain operator"),
        clock=wall_clock,
        random=os.urandom,
    )


def _check_log_name(database: Database, issuer: str, seed: bytes) -> None:
    """Check that the log goes on under the name it has: a head under another is another log's.

    A head that our key did not sign is left to the audit, which names what is wrong with it.

    Raises:
        BadSetting: it was served at another address before.
    """
    with database.reading() as connection:
        newest = LedgerStore(connection).latest_checkpoint()
    name = newest.note.partition("\n")[0] if newest else origin_of(issuer)
    if newest is None or name == origin_of(issuer):
        return
    try:
        open_checkpoint(newest.note, make_signer(name, seed).key)
    except NoteRejected:
        return
    was = f"{urlsplit(issuer).scheme}://{name.removesuffix('/ledger')}"
    why = f"the log that is kept there bears the name {name}, of another address"
    raise BadSetting("HAIHE_ISSUER", issuer, why, f"{was}, or another data folder")


def _client_roots(settings: Settings) -> tuple[Certificate, ...]:
    """Read the authorities that may vouch for apps.

    Raises:
        BadSetting: the file cannot be read, or holds something else.
    """
    path = settings.client_certificate_roots
    try:
        return read_roots(Path(path).read_bytes()) if path else ()
    except (OSError, ValueError) as error:
        why = f"no certificates of authorities can be read there ({error})"
        raise BadSetting(
            "HAIHE_CLIENT_CERTIFICATE_ROOTS", path, why, "a file of PEM certificates"
        ) from None


def _stamp_roots(settings: Settings) -> tuple[bytes, ...]:
    """Read the roots of other time-stamp authorities.

    Raises:
        BadSetting: the file cannot be read, or an address is named and no root for it.
    """
    path = settings.tsa_roots
    try:
        found = x509.load_pem_x509_certificates(Path(path).read_bytes()) if path else []
    except (OSError, ValueError) as error:
        why = f"no certificates can be read there ({error})"
        raise BadSetting("HAIHE_TSA_ROOTS", path, why, "tsa-roots.pem") from None
    if settings.tsa_url and not found:
        why = "the time-stamp authority needs a root under which it is trusted"
        raise BadSetting("HAIHE_TSA_ROOTS", path, why, "tsa-roots.pem")
    return tuple(each.public_bytes(Encoding.DER) for each in found)


def _master(settings: Settings) -> bytes:
    try:
        return read_master(settings.keys, settings.master_key)
    except (OSError, ValueError) as error:
        raise bad_master(settings, str(error)) from None


def _open_keys(realm: Realm, settings: Settings) -> None:
    try:
        prepare_keys(realm, settings.keys)
    except SealBroken:
        why = "the token keys in the database were sealed under another master key"
        raise bad_master(settings, why) from None


def _upstreams(settings: Settings) -> Mapping[str, Upstream]:
    """Read which other providers vouch for people here.

    Raises:
        BadSetting: the file cannot be read, or one of them cannot work.
    """
    path = settings.upstreams
    try:
        text = Path(path).read_text("utf-8") if path else ""
        return read_upstreams(text, toml=path.endswith(".toml")) if path else {}
    except (OSError, ValueError, BadUpstream) as error:
        why = f"no providers can be read there ({error})"
        raise BadSetting("HAIHE_UPSTREAMS", path, why, "upstreams.toml") from None


def _leaked(settings: Settings) -> IsLeaked:
    """Open the list of leaked passwords.

    Raises:
        BadSetting: the file cannot be read, or nothing would be found in it.
    """
    path = settings.breached_passwords
    try:
        return open_list(Path(path)) if path else no_list
    except (OSError, BadPasswordList) as error:
        why = f"no list can be read there ({error})"
        raise BadSetting("HAIHE_BREACHED_PASSWORDS", path, why, "pwned-passwords.txt") from None


def _realm(
    settings: Settings, database: Database, master: bytes, metrics: Metrics, *, demo: bool
) -> Realm:
    known = KnownClients()

    @contextmanager
    def reading() -> Iterator[IdentityStore]:
        with database.looking() as connection:
            yield IdentityStore(connection, known)

    @contextmanager
    def writing() -> Iterator[IdentityStore]:
        with database.writing() as connection:
            yield IdentityStore(connection, known)

    return Realm(
        issuer=settings.issuer,
        seals=Seals(derive(master, "seals", KEY_BYTES)),
        reading=reading,
        writing=writing,
        clock=wall_clock,
        demo_allowed=demo,
        reads_are_local=database.is_local,
        pushing_required=settings.require_par == "yes",
        observer=metrics,
        takes_certificates=bool(settings.client_certificate_header),
        client_roots=_client_roots(settings),
        app_networks=read_networks(settings.app_networks),
        upstreams=_upstreams(settings),
        is_leaked=_leaked(settings),
        registration=settings.registration,
        resources=settings.resources,
        detail_types={ACTING: Acting(), LICENCE_USE: LicenceUse()},
        direct=_direct(database, known),
        matters={code: MatterName(each.zh, each.en) for code, each in MATTERS.items()},
    )


def _direct(database: Database, known: KnownClients) -> Direct | None:
    """Make the way of the hot paths to PostgreSQL; SQLite is in this process anyway."""
    if database.direct is None:
        return None
    store, asides = IdentityStore(database.direct, known), Asides()

    async def direct(answer: Callable[[IdentityStore], Result]) -> Result:
        return await asides.run(lambda: answer(store))

    return direct
