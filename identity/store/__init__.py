"""What identity keeps. The caller owns the transaction; every method is a statement or two."""

from sqlalchemy import Connection

from identity.store.access import AccessStore
from identity.store.authorizations import AuthorizationStore
from identity.store.changes import ChangeStore
from identity.store.clients import ClientStore, KnownClients
from identity.store.decoupled import DecoupledStore
from identity.store.deliveries import DeliveryStore
from identity.store.ends import EndStore
from identity.store.factors import FactorStore
from identity.store.housekeeping import Housekeeping
from identity.store.keys import KeyStore
from identity.store.mandates import MandateStore
from identity.store.operating import ActivityStore, EventStore, RefusalStore
from identity.store.passkeys import PasskeyStore
from identity.store.people import PeopleStore
from identity.store.registration_tokens import RegistrationTokenStore
from identity.store.replays import ReplayStore
from identity.store.scans import ScanStore
from identity.store.sessions import AttemptStore, SessionStore
from identity.store.sign_ins import SignInStore
from identity.store.tables import metadata
from identity.store.upstreams import UpstreamStore

__all__ = ["IdentityStore", "KnownClients", "metadata"]


class IdentityStore:
    """All of identity's tables, inside one transaction."""

    def __init__(self, connection: Connection, known: KnownClients | None = None) -> None:
        self.access = AccessStore(connection)
        self.activity = ActivityStore(connection)
        self.events = EventStore(connection)
        self.housekeeping = Housekeeping(connection)
        self.people = PeopleStore(connection)
        self.mandates = MandateStore(connection)
        self.changes = ChangeStore(connection)
        self.clients = ClientStore(connection, known)
        self.refusals = RefusalStore(connection)
        self.registration_tokens = RegistrationTokenStore(connection)
        self.replays = ReplayStore(connection)
        self.sessions = SessionStore(connection)
        self.sign_ins = SignInStore(connection)
        self.deliveries = DeliveryStore(connection)
        self.ends = EndStore(connection)
        self.scans = ScanStore(connection)
        self.upstreams = UpstreamStore(connection)
        self.passkeys = PasskeyStore(connection)
        self.keys = KeyStore(connection)
        self.factors = FactorStore(connection)
        self.attempts = AttemptStore(connection)
        self.decoupled = DecoupledStore(connection)
        self.authorizations = AuthorizationStore(connection)
