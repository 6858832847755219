import sqlite3

import pytest
from rlp import decode

from ledger.auditing import Exhibit
from ledger.chains.key_value import SqliteDatabase
from ledger.records import encode_openings, parse_openings
from ledger.store import metadata
from tests.ledger.world import World

HEAD_KEY = b"v1:canonical_head_hash"
TABLES = {table.name: [column.name for column in table.columns] for table in metadata.sorted_tables}
COLUMNS = [(table, column) for table, columns in TABLES.items() for column in columns]


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """A ledger with several checkpoints, anchors, and a record that still waits for its place."""
    world = World(tmp_path_factory.mktemp("busy"))
    for count in (1, 2):
        world.append(count)
        world.sequence()
        world.anchor()
        world.sign_again()
    world.append(1)
    world.sequence()
    world.append(1)
    assert world.audit().clean
    yield world
    world.close()


def flipped(value):
    """The same value with one byte changed, once for the first, the middle and the last byte."""
    if isinstance(value, int):
        return [value + 1, value - 1, value + 256]
    if value is None:
        return [0]
    data = value.encode() if isinstance(value, str) else value
    changes = []
    for place, bit in ((0, 1), (len(data) // 2, 0x80), (len(data) - 1, 1)) if data else ():
        changes.append(data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :])
    return changes or [b"x"]


def rows_of(file, table):
    keys = [column.name for column in metadata.tables[table].primary_key]
    return keys, file.execute(f"SELECT * FROM {table} ORDER BY {', '.join(keys)}").fetchall()


def write(file, table, keys, row, column, value):
    """Change one column of one row, behind the ledger's back."""
    names = TABLES[table]
    where = " AND ".join(f"{key} = ?" for key in keys)
    setting = "CAST(? AS TEXT)" if isinstance(row[names.index(column)], str) else "?"
    try:
        file.execute(
            f"UPDATE {table} SET {column} = {setting} WHERE {where}",
            (value, *(row[names.index(key)] for key in keys)),
        )
    except sqlite3.IntegrityError:
        return False  # the database itself refuses a second row of that key
    return True


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_one_changed_byte_is_found_and_named(busy, table, column):
    file = sqlite3.connect(busy.folder / "haihe.sqlite", isolation_level=None)
    keys, rows = rows_of(file, table)
    assert rows
    tried = 0
    for row in rows:
        for value in flipped(row[TABLES[table].index(column)]):
            file.execute("SAVEPOINT one")
            if write(file, table, keys, row, column, value):
                file.execute("RELEASE one")
                report = busy.audit()
                restore(file, table, row, keys, column, value)
                assert not report.clean, (table, column, row, value)
                assert report.finding.table == table, (report.finding, column, value)
                tried += 1
            else:
                file.execute("ROLLBACK TO one")
                file.execute("RELEASE one")
    assert tried
    assert busy.audit().clean
    file.close()


def restore(file, table, row, keys, column, value):
    changed = dict(zip(TABLES[table], row, strict=True)) | {column: value}
    casts = {
        key: "CAST(? AS TEXT)" if isinstance(row[TABLES[table].index(key)], str) else "?"
        for key in keys
    }
    where = " AND ".join(f"{key} = {casts[key]}" for key in keys)
    old = row[TABLES[table].index(column)]
    done = file.execute(
        f"UPDATE {table} SET {column} = ? WHERE {where}", (old, *(changed[key] for key in keys))
    )
    assert done.rowcount == 1


@pytest.mark.parametrize("table", TABLES)
def test_a_deleted_row_is_found(busy, table):
    file = sqlite3.connect(busy.folder / "haihe.sqlite", isolation_level=None)
    _, rows = rows_of(file, table)
    placed = [row for row in rows if table != "records" or row[1] is not None]
    marks = ", ".join("?" * len(TABLES[table]))
    for row in placed:
        where = " AND ".join(f"{name} IS ?" for name in TABLES[table])
        file.execute(f"DELETE FROM {table} WHERE {where}", row)
        report = busy.audit()
        file.execute(f"INSERT INTO {table} VALUES ({marks})", row)
        assert not report.clean, row
    assert busy.audit().clean
    file.close()


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        ("records", {"record_id": "f" * 32, "leaf_index": 100}),
        ("records", {"record_id": "f" * 32, "leaf_index": None}),
        ("tree_nodes", {"position": 4}),
        ("tree_nodes", {"level": 9}),
        ("tree_nodes", {"position": -1}),
        ("checkpoints", {"size": 2}),
        ("checkpoints", {"size": 100}),
        ("cosigners", {"cosigner": "x+00000000"}),
        ("cosignatures", {"cosigner": "x+00000000"}),
        ("cosignatures", {"size": 2}),
        ("cosignatures", {"size": 4}),
        ("contracts", {"chain_id": 1}),
        ("anchors", {"size": 2}),
        ("anchors", {"size": 4}),
        ("anchors", {"chain_id": 1}),
    ],
)
def test_an_inserted_row_is_found(busy, table, changes):
    file = sqlite3.connect(busy.folder / "haihe.sqlite", isolation_level=None)
    keys, rows = rows_of(file, table)
    row = {**dict(zip(TABLES[table], rows[0], strict=True)), **changes}
    marks = ", ".join("?" * len(row))
    file.execute(f"INSERT INTO {table} VALUES ({marks})", tuple(row.values()))
    report = busy.audit()
    where = " AND ".join(f"{key} = ?" for key in keys)
    file.execute(f"DELETE FROM {table} WHERE {where}", tuple(row[key] for key in keys))
    assert not report.clean
    assert report.finding.table == table
    assert busy.audit().clean
    file.close()


def test_a_changed_leaf_names_its_record(busy):
    file = sqlite3.connect(busy.folder / "haihe.sqlite", isolation_level=None)
    ((record_id, leaf),) = file.execute("SELECT record_id, leaf FROM records WHERE leaf_index = 2")
    changed = leaf.replace(b'"kind":"verify"', b'"kind":"verifx"')
    file.execute("UPDATE records SET leaf = ? WHERE leaf_index = 2", (changed,))
    finding = busy.audit().finding
    file.execute("UPDATE records SET leaf = ? WHERE leaf_index = 2", (leaf,))
    assert (finding.table, finding.row) == ("records", record_id)
    assert "signed tree" in finding.reason
    file.close()


def test_a_moved_record_is_named_itself(busy):
    file = sqlite3.connect(busy.folder / "haihe.sqlite", isolation_level=None)
    ((record_id,),) = file.execute("SELECT record_id FROM records WHERE leaf_index = 2")
    file.execute("UPDATE records SET leaf_index = 200 WHERE leaf_index = 2")
    finding = busy.audit().finding
    file.execute("UPDATE records SET leaf_index = 2 WHERE leaf_index = 200")
    assert (finding.table, finding.row) == ("records", record_id)
    file.close()


def test_a_changed_byte_of_the_chain_is_found_wherever_the_audit_reads(busy, monkeypatch):
    read = set()
    fetch = SqliteDatabase.__getitem__

    def noting(self, key):
        read.add(key)
        return fetch(self, key)

    with monkeypatch.context() as patch:
        patch.setattr(SqliteDatabase, "__getitem__", noting)
        assert busy.audit().clean
    file = sqlite3.connect(busy.folder / "chain.sqlite", isolation_level=None)
    stored = dict(file.execute("SELECT key, value FROM chain WHERE length(value) > 0"))
    seen = sorted(read & set(stored))
    assert len([key for key in seen if len(key) == 32]) > 10  # headers, trie nodes, the code
    for key in seen:
        for value in flipped(stored[key])[1:2]:
            file.execute("UPDATE chain SET value = ? WHERE key = ?", (value, key))
            report = busy.audit()
            file.execute("UPDATE chain SET value = ? WHERE key = ?", (stored[key], key))
            assert not report.clean, key
        file.execute("DELETE FROM chain WHERE key = ?", (key,))
        report = busy.audit()
        file.execute("INSERT INTO chain VALUES (?, ?)", (key, stored[key]))
        assert not report.clean, key
    assert busy.audit().clean
    file.close()


def test_a_chain_that_is_rolled_back_is_found(busy):
    file = sqlite3.connect(busy.folder / "chain.sqlite", isolation_level=None)
    (head,) = file.execute("SELECT value FROM chain WHERE key = ?", (HEAD_KEY,)).fetchone()
    (older,) = file.execute(
        "SELECT value FROM chain WHERE key = ?", (b"block-number-to-hash:2",)
    ).fetchone()
    file.execute("UPDATE chain SET value = ? WHERE key = ?", (decode(older), HEAD_KEY))
    report = busy.audit()
    file.execute("UPDATE chain SET value = ? WHERE key = ?", (head, HEAD_KEY))
    assert "holds only size 1" in report.finding.reason
    assert busy.audit().clean
    file.close()


def test_an_earlier_anchor_that_lost_its_block_is_found(busy):
    file = sqlite3.connect(busy.folder / "haihe.sqlite", isolation_level=None)
    ((number, block),) = file.execute("SELECT block_number, block_hash FROM anchors WHERE size = 1")
    file.execute("UPDATE anchors SET block_number = NULL, block_hash = NULL WHERE size = 1")
    report = busy.audit()
    setting = "UPDATE anchors SET block_number = ?, block_hash = ? WHERE size = 1"
    file.execute(setting, (number, block))
    assert "a later anchor has" in report.finding.reason
    file.close()


def test_a_removed_opening_is_found(busy):
    file = sqlite3.connect(busy.folder / "haihe.sqlite", isolation_level=None)
    ((openings,),) = file.execute("SELECT openings FROM records WHERE leaf_index = 1")
    kept = {name: one for name, one in parse_openings(openings).items() if name != "purpose"}
    setting = "UPDATE records SET openings = ? WHERE leaf_index = 1"
    file.execute(setting, (encode_openings(kept),))
    report = busy.audit()
    file.execute(setting, (openings,))
    assert "opening is missing" in report.finding.reason
    file.close()


def test_counts_say_what_was_checked(busy):
    counts = busy.audit().counts
    assert (counts.records, counts.pending, counts.tree_nodes) == (4, 1, 7)
    assert (counts.checkpoints, counts.contracts, counts.anchors) == (3, 1, 2)


# Licences against records


@pytest.fixture
def issued(world):
    world.append(kind="issue", licence="L1", digest="d1", state="valid")
    world.append(kind="issue", licence="L2", digest="d2", state="valid")
    world.append(kind="status", licence="L2", state="suspended")
    world.sequence()
    world.exhibits = [Exhibit("L1", "d1", "valid"), Exhibit("L2", "d2", "suspended")]
    return world


def test_licences_as_recorded_are_clean(issued):
    report = issued.audit()
    assert report.clean
    assert report.counts.licences == 2


@pytest.mark.parametrize(
    ("exhibits", "row", "reason"),
    [
        ([Exhibit("L1", "dX", "valid"), Exhibit("L2", "d2", "suspended")], "L1", "not what was"),
        ([Exhibit("L1", "d1", "valid"), Exhibit("L2", "d2", "valid")], "L2", "its state"),
        ([Exhibit("L1", "d1", "valid")], "L2", "missing"),
        ([Exhibit("L3", "d3", "valid")], "L3", "no record"),
    ],
)
def test_a_licence_that_differs_from_its_records_is_named(issued, exhibits, row, reason):
    issued.exhibits = exhibits
    finding = issued.audit().finding
    assert (finding.table, finding.row) == ("licences", row)
    assert reason in finding.reason


def test_a_licence_issued_twice_is_found(issued):
    issued.append(kind="issue", licence="L1", digest="d1", state="valid")
    assert "second time" in issued.audit().finding.reason
