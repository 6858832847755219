"""A small real ledger to test with: its own database, its own embedded chain."""

import hashlib
import itertools
import time
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import event

from ledger.anchoring import Ledger, anchor_latest, ensure_contract
from ledger.auditing import Snapshot, audit
from ledger.chains import ChainSetup, open_chain
from ledger.checkpoint import make_signer
from ledger.cosignature import ML_DSA_44, make_witness
from ledger.cosigning import Cosigning, newest, sign_again
from ledger.log import append_all, sequence
from ledger.records import Act, PseudonymKey
from ledger.store import LedgerStore, metadata
from ledger.trust import Trust
from service.database import Database

KEY = PseudonymKey(b"k" * 32)
SIGNER = make_signer("id.example.gov/ledger", b"s" * 32)
SECOND = make_witness(SIGNER.origin, b"s" * 32, ML_DSA_44)
OPERATOR_KEY = b"\x07" * 32
AT_MS = 1_790_000_000_000


def act(kind="verify", subject="holder", person="clerk", party="window", **fields):
    given = {"licence": "1.2.156.3005.2.x", "matter_name": "设立登记", "purpose": "核对名称"}
    return Act(kind, subject, person, party, given | fields)


def random_bytes(seed=0):
    numbers = itertools.count(seed)

    def draw(size):
        return hashlib.shake_256(b"%d" % next(numbers)).digest(size)

    return draw


class World:
    """One ledger in one folder."""

    def __init__(self, folder: Path, url: str = "", chain=None) -> None:
        self.folder = folder
        self.database = Database(url or f"sqlite:///{folder}/haihe.sqlite")
        metadata.create_all(self.database.engine)
        self.chain = chain or open_chain(ChainSetup("embedded", folder, OPERATOR_KEY))
        self.ledger = Ledger(self.reading, self.writing, self.chain)
        self.random = random_bytes()
        self.exhibits = []

    @contextmanager
    def reading(self):
        with self.database.reading() as connection:
            yield LedgerStore(connection)

    @contextmanager
    def writing(self):
        with self.database.writing() as connection:
            yield LedgerStore(connection)

    @contextmanager
    def snapshot(self):
        with self.database.reading() as connection:
            yield Snapshot(LedgerStore(connection), self.exhibits)

    def append(self, count=1, **fields):
        with self.writing() as store:
            return append_all(store, [act(**fields)] * count, KEY, AT_MS, self.random)

    def sequence(self, limit=1000):
        with self.writing() as store:
            return sequence(store, SIGNER, limit)

    @property
    def contract(self):
        return ensure_contract(self.ledger)

    def anchor(self, rounds=1):
        """Anchor, in several rounds where a chain takes its time."""
        for number in range(rounds):
            time.sleep(0.1 if number else 0)
            if done := anchor_latest(self.ledger, self.contract):
                return done
        return None

    def cosigning(self, post=None, clock=lambda: 1_790_000_000):
        return Cosigning(self.reading, self.writing, SECOND, post, clock)

    def sign_again(self):
        means = self.cosigning()
        sign_again(means, newest(means))

    def audit(self):
        return audit(self.snapshot, SIGNER.key, self.chain)

    @property
    def trust(self):
        operators = (self.chain.operator,)
        return Trust(SIGNER.key, self.chain.chain_id, self.contract, operators, False, ())

    def close(self):
        self.database.close()
        self.chain.close()


@contextmanager
def counted(database):
    """Count the statements that are sent while the block runs."""
    statements = []

    def note(_connection, _cursor, statement, *_):
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
