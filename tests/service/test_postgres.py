"""Statements straight from the event loop do what SQLAlchemy's do, and never wait for ever."""

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from weakref import ReferenceType, ref

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    LargeBinary,
    Text,
    bindparam,
    cast,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from identity.store.dialects import insert_once, lasting
from identity.store.tables import metadata, sign_ins, used_names
from service.database import Database
from service.postgres.asides import MOST_IDLE, Asides, wait
from service.postgres.connection import DirectConnection
from service.postgres.lines import Limits, Lines
from tests.running_loops import run_alone
from tests.tools_found import postgres, start_postgres, stop_postgres

pytestmark = pytest.mark.postgres
NAP = select(func.pg_sleep(bindparam("seconds")))
ADD = lasting(insert(used_names))
TYPES = {str: Text(), int: BigInteger(), bool: Boolean(), bytes: LargeBinary()}
FIND = lasting(
    select(used_names.c.expires_at).where(used_names.c.name_hash == bindparam("name_hash"))
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("direct") / "pg"
    with postgres(place) as url:
        database = Database(url)
        with database.writing() as connection:
            metadata.create_all(connection)
        database.close()
        yield place


def direct(folder: Path, act: Callable[[DirectConnection], Any], **limits: Any) -> Any:
    """Do something on lines of its own."""

    async def run() -> Any:
        lines = Lines(f"postgresql://haihe@/postgres?host={folder}", Limits(**limits))
        try:
            return await Asides().run(lambda: act(DirectConnection(lines)))
        finally:
            lines.close()

    return run_alone(run())


@pytest.mark.parametrize(
    "value", ["", "海河", "'; --", "\\x00", "a\nb", 0, -1, 2**62, True, False, b"", b"\0\xff\n"]
)
def test_a_value_comes_back_as_it_went_in(folder: Path, value: object) -> None:
    statement = select(cast(literal(value), TYPES[type(value)]))
    for _ in range(2):
        found = direct(folder, lambda c: c.execute(statement).scalar())
        assert found == value
        assert type(found) is type(value)


def test_nothing_comes_back_as_none(folder: Path) -> None:
    sign_in = {"sign_in_id": "1", "person_id": None, "at": 1, "succeeded": False}
    row = {**sign_in, "method": "password", "device": "", "network": ""}

    def act(connection: DirectConnection) -> Any:
        connection.execute(insert(sign_ins), row)
        found = connection.execute(select(sign_ins)).mappings().one()
        return {name: found[name] for name in row}

    assert direct(folder, act) == row


def test_a_text_with_nul_is_refused_and_not_cut_short(folder: Path) -> None:
    with pytest.raises(DataError):
        direct(folder, lambda c: c.execute(select(literal("a\0b"))).scalar())


def test_a_list_of_values_can_be_asked_for(folder: Path) -> None:
    def act(connection: DirectConnection) -> Any:
        for number in range(3):
            insert_once(connection, used_names, name_hash=b"l%d" % number, expires_at=number)
        wanted = used_names.c.name_hash.in_([b"l0", b"l2", b"l9"])
        return connection.execute(select(used_names.c.expires_at).where(wanted)).scalars().all()

    assert sorted(direct(folder, act)) == [0, 2]


def test_a_second_row_of_the_same_key_is_an_integrity_error(folder: Path) -> None:
    row = {"name_hash": b"twice", "expires_at": 1}

    def act(connection: DirectConnection) -> int:
        connection.execute(ADD, row)
        with pytest.raises(IntegrityError):
            connection.execute(ADD, row)
        return int(connection.execute(FIND, {"name_hash": b"twice"}).scalar() or 0)

    assert direct(folder, act) == 1


def test_a_statement_that_makes_no_sense_says_so(folder: Path) -> None:
    with pytest.raises(ProgrammingError):
        direct(folder, lambda c: c.execute(select(func.no_such_function())))


def test_of_many_that_insert_the_same_one_does(folder: Path) -> None:
    async def run() -> list[bool]:
        lines = Lines(f"postgresql://haihe@/postgres?host={folder}")
        connection: Any = DirectConnection(lines)
        asides = Asides()

        def once() -> bool:
            return insert_once(connection, used_names, name_hash=b"once", expires_at=1)

        done = await asyncio.gather(*(asides.run(once) for _ in range(200)))
        lines.close()
        return list(done)

    assert run_alone(run()).count(True) == 1


def test_a_statement_that_takes_too_long_is_lost_and_the_next_one_is_not(folder: Path) -> None:
    def act(connection: DirectConnection) -> Any:
        with pytest.raises(OperationalError):
            connection.execute(NAP, {"seconds": 5})
        return connection.execute(select(cast(1, BigInteger))).scalar()

    assert direct(folder, act, deadline=0.3) == 1


def test_waiting_for_a_line_ends_in_time_and_the_queue_is_bounded(folder: Path) -> None:
    async def run() -> list[Any]:
        limits = Limits(lines=1, waiting=2, wait_seconds=0.2)
        lines = Lines(f"postgresql://haihe@/postgres?host={folder}", limits)
        connection = DirectConnection(lines)
        asides = Asides()
        naps = (asides.run(lambda: connection.execute(NAP, {"seconds": 1})) for _ in range(4))
        ends = await asyncio.gather(*naps, return_exceptions=True)
        lines.close()
        return list(ends)

    ends = run_alone(run())
    assert [type(end) for end in ends].count(PoolExhausted) == 3


def test_whoever_hangs_up_takes_nobodys_answer_along(folder: Path) -> None:
    async def run() -> list[int]:
        lines = Lines(f"postgresql://haihe@/postgres?host={folder}", Limits(lines=1))
        connection = DirectConnection(lines)
        asides = Asides()
        one = asyncio.create_task(asides.run(lambda: connection.execute(NAP, {"seconds": 2})))
        await asyncio.sleep(0.2)
        one.cancel()
        with pytest.raises(asyncio.CancelledError):
            await one
        found = [
            await asides.run(lambda n=n: connection.execute(select(cast(n, BigInteger))).scalar())
            for n in range(3)
        ]
        lines.close()
        return found

    assert run_alone(run()) == [0, 1, 2]


def test_lines_come_back_with_their_database(folder: Path) -> None:
    def act(connection: DirectConnection) -> Any:
        connection.execute(FIND, {"name_hash": b""})
        stop_postgres(folder)
        with pytest.raises(OperationalError):
            connection.execute(FIND, {"name_hash": b""})
        start_postgres(folder)
        return connection.execute(select(literal("here"))).scalar()

    assert direct(folder, act) == "here"


def test_what_raises_while_it_waits_raises_where_it_was_run_and_the_next_is_not_told() -> None:
    asides = Asides()

    def fail() -> None:
        wait(asyncio.sleep(0.01))
        raise ValueError("mine")

    def add(one: int, other: int) -> int:
        wait(asyncio.sleep(0.01))
        return one + other

    async def run() -> list[int]:
        for _ in range(3):
            with pytest.raises(ValueError, match="mine"):
                await asides.run(fail)
        sums = (asides.run(lambda n=n: add(n, n)) for n in range(100))  # type: ignore[misc]
        return list(await asyncio.gather(*sums))

    assert run_alone(run()) == [2 * n for n in range(100)]


def test_who_is_called_off_while_it_waits_ends_and_its_place_is_used_again() -> None:
    asides, ended = Asides(), []

    def nap() -> None:
        try:
            wait(asyncio.sleep(30))
        except asyncio.CancelledError:
            ended.append("called off")
            raise

    async def run() -> str:
        task = asyncio.create_task(asides.run(nap))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await asides.run(lambda: wait(asyncio.sleep(0, "next")))

    assert run_alone(run()) == "next"
    assert ended == ["called off"]


def test_each_sees_the_context_of_its_own_request() -> None:
    asides, mine = Asides(), ContextVar("mine", default=0)

    def read() -> tuple[int, int]:
        before = mine.get()
        wait(asyncio.sleep(0.001))
        return before, mine.get()

    async def request(number: int) -> tuple[int, int]:
        mine.set(number)
        return await asides.run(read)

    async def run() -> list[tuple[int, int]]:
        first = [await request_alone(number) for number in range(3)]
        return first + list(await asyncio.gather(*(request(number) for number in range(50))))

    async def request_alone(number: int) -> tuple[int, int]:
        return await asyncio.create_task(request(number))

    expected = [(number, number) for number in (*range(3), *range(50))]
    assert run_alone(run()) == expected


def test_nothing_of_a_request_is_kept_when_it_has_ended_and_few_places_are() -> None:
    asides = Asides()

    class Secret:
        """Something of a request."""

    def fail(secret: Secret) -> None:
        wait(asyncio.sleep(0.001))
        raise ValueError(secret)

    async def request() -> ReferenceType[Secret]:
        secret = Secret()
        with pytest.raises(ValueError, match="Secret"):
            await asides.run(lambda: fail(secret))
        assert await asides.run(lambda: secret) is secret
        return ref(secret)

    async def run() -> None:
        kept = await request()
        assert kept() is None
        await asyncio.gather(*(asides.run(lambda: wait(asyncio.sleep(0))) for _ in range(200)))

    gc.disable()
    try:
        run_alone(run())
    finally:
        gc.enable()
    assert len(asides._idle) == MOST_IDLE


def test_nothing_waits_outside() -> None:
    loop = asyncio.new_event_loop()
    with pytest.raises(RuntimeError):
        wait(loop.create_future())
    loop.close()
