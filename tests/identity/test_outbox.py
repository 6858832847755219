"""Messages to apps: sent once their cause is certain, again until they arrive, never for ever."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from identity.errors import AppUnreachable
from identity.store.housekeeping import KEPT_SECONDS
from identity.strangers.deliveries import (
    LEASE_SECONDS,
    LOGOUT,
    LONGEST_WAIT_SECONDS,
    PING,
    POLICIES,
    Delivery,
    Message,
    next_try,
    wait_after,
)
from identity.strangers.fetching import PUBLIC, SECONDS, Reach, post
from identity.telling.outbox import send_later
from identity.telling.posting import AT_ONCE, send_due
from tests.identity.receiving import Receiver, receiving
from tests.identity.world import World, make_world, world_bytes
from tests.tools_found import postgres

SAID = {"bearer": "the app's own token", "body": '{"auth_req_id":"1c266114"}'}
MESSAGE = Message(b"x", "text/plain")
HERE = Reach(loopback=True)
ID = "0" * 32


@pytest.fixture
def app() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def ping(world: World, address: str, until: int | None = None) -> None:
    with world.working() as work:
        send_later(work, PING, "web", address, SAID, until)


def sent(world: World) -> list[Delivery]:
    with world.working() as work:
        return list(work.store.deliveries.of_client("web", 100))


def run(world: World, rounds: int = 1) -> None:
    for _ in range(rounds):
        send_due(world.realm)


def test_a_message_is_posted_with_the_apps_own_token(world: World, app: Receiver) -> None:
    app.answer = b"a body that nobody asked for"
    ping(world, app.url + "/cb?x=1")
    run(world)
    (got,) = app.received
    assert got.path == "/cb?x=1"
    assert got.body.decode() == SAID["body"]
    assert got.headers["authorization"] == "Bearer the app's own token"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == app.url.removeprefix("http://")
    (delivery,) = sent(world)
    assert (delivery.outcome, delivery.next_at) == ("204", None)
    assert delivery.finished_at == world.clock.now


def test_a_message_of_a_cause_that_was_undone_is_never_sent(world: World, app: Receiver) -> None:
    with pytest.raises(OSError, match="undone"), world.working() as work:
        send_later(work, PING, "web", app.url, SAID)
        raise OSError("undone")
    run(world)
    assert app.received == []


def test_what_a_message_says_cannot_be_read_in_the_database(world: World) -> None:
    ping(world, "http://127.0.0.1:1/cb")
    held = world_bytes(world)
    assert not [value for value in SAID.values() if value.encode() in held]


def test_a_message_waits_longer_after_each_try_and_arrives_in_the_end(
    world: World, app: Receiver
) -> None:
    app.statuses = [500, 503, 204]
    ping(world, app.url)
    run(world)
    (delivery,) = sent(world)
    assert (delivery.outcome, delivery.attempts) == ("500", 1)
    assert delivery.next_at
    world.clock.now = delivery.next_at - 1
    run(world)
    assert len(app.received) == 1
    world.clock.now = delivery.next_at
    run(world)
    world.clock.now = sent(world)[0].next_at or 0
    run(world, 2)
    assert len(app.received) == 3
    assert sent(world)[0].outcome == "204"


@pytest.mark.module("fapi-ciba-id1-ping-backchannel-notification-endpoint-response-401")
@pytest.mark.module("fapi-ciba-id1-ping-backchannel-notification-endpoint-response-403")
@pytest.mark.module("fapi-ciba-id1-ping-backchannel-notification-endpoint-return-redirect-request")
@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404])
def test_a_ping_that_is_refused_is_not_repeated_nor_led_elsewhere(
    world: World, app: Receiver, status: int
) -> None:
    app.statuses = [status]
    ping(world, app.url)
    run(world)
    world.clock.now += LONGEST_WAIT_SECONDS
    run(world)
    assert [got.path for got in app.received] == ["/"]
    assert sent(world)[0].outcome == str(status)


@pytest.mark.module("fapi-ciba-id1-ping-backchannel-notification-endpoint-response-has-body")
@pytest.mark.parametrize("status", [200, 204, 299])
def test_any_success_is_enough(world: World, app: Receiver, status: int) -> None:
    app.statuses, app.answer = [status], b"x" if status != 204 else b""
    ping(world, app.url)
    run(world)
    assert sent(world)[0].finished_at


def waiting(kind: str, attempts: int, expires_at: int = 10**9) -> Delivery:
    return Delivery(ID, kind, "web", "", b"", 0, expires_at, 0, attempts)


@pytest.mark.parametrize(("status", "again"), [(None, True), (500, True), (499, False)])
def test_what_is_tried_again(status: int | None, again: bool) -> None:
    assert (next_try(waiting(PING, 1), status, 0) is not None) == again
    assert next_try(waiting(LOGOUT, 1), status, 0) is not None


def test_a_try_that_would_come_too_late_is_not_made() -> None:
    wait = wait_after(1, ID)
    assert next_try(waiting(LOGOUT, 1, expires_at=wait + 1), None, 0) == wait
    assert next_try(waiting(LOGOUT, 1, expires_at=wait), None, 0) is None


def test_waits_grow_to_a_limit_and_differ_by_a_quarter() -> None:
    assert [wait_after(tries, ID) for tries in (1, 2, 3, 4)] == [2, 8, 32, 128]
    assert wait_after(1000, ID) == LONGEST_WAIT_SECONDS
    spread = {wait_after(4, f"{number:08x}") for number in range(1000)}
    assert (min(spread), max(spread)) == (128, 128 + 32)
    tries = [wait_after(number, ID) for number in range(1, 100)]
    within = next(at for at in range(99) if sum(tries[:at]) > POLICIES[LOGOUT].lifetime)
    assert 8 < within < 24  # an app that is gone costs that many calls


def test_a_worker_that_died_while_sending_is_followed_by_another(
    world: World, app: Receiver
) -> None:
    ping(world, app.url)
    with world.working() as work:
        now = work.now
        (lost,) = work.store.deliveries.claim(now, now + LEASE_SECONDS, AT_ONCE)
    world.clock.now += LEASE_SECONDS - 1
    run(world)
    assert app.received == []
    world.clock.now += 1
    run(world)
    assert len(app.received) == 1
    with world.working() as work:  # the first one was only slow: what it notes now is too late
        work.store.deliveries.postpone(lost, "no answer", now)
    assert sent(world)[0].next_at is None


def test_an_app_that_is_silent_is_left_alone_with_all_that_waits_for_it(
    world: World, app: Receiver
) -> None:
    silent = "http://127.0.0.1:1/cb"
    for _ in range(AT_ONCE + 3):
        ping(world, silent)
    run(world, 3)
    tried = [delivery.attempts for delivery in sent(world)]
    assert sorted(tried) == [0] * 3 + [1] * AT_ONCE
    with world.working() as work:
        send_later(work, PING, "other", app.url, SAID)
    run(world)
    assert len(app.received) == 1
    assert {delivery.outcome for delivery in sent(world)} == {"", "no answer"}


def test_a_message_whose_bytes_were_changed_is_not_sent(world: World, app: Receiver) -> None:
    ping(world, app.url)
    with world.working() as work:
        (delivery,) = work.store.deliveries.claim(work.now, work.now, 1)
        changed = replace(delivery, delivery_id="f" * 32, next_at=work.now)
        work.store.deliveries.add(changed)
        work.store.deliveries.finish(delivery, "", work.now)
    run(world)
    assert app.received == []


def test_what_was_sent_is_forgotten_a_month_after_its_end(world: World, app: Receiver) -> None:
    ping(world, app.url)
    run(world)
    end = sent(world)[0].expires_at + KEPT_SECONDS
    with world.working() as work:
        work.store.housekeeping.forget_ended(end - 1)
        assert len(work.store.deliveries.of_client("web", 9)) == 1
        work.store.housekeeping.forget_ended(end)
        assert len(work.store.deliveries.of_client("web", 9)) == 0


def race(world: World, app: Receiver) -> None:
    """Twenty workers, a hundred messages."""
    for number in range(100):
        ping(world, f"{app.url}/{number}")
    barrier = threading.Barrier(20)

    def worker(_: int) -> None:
        barrier.wait()
        while send_due(world.realm):
            pass

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(worker, range(20)))
    run(world, 10)
    assert sorted(got.path for got in app.received) == sorted(f"/{n}" for n in range(100))


def test_parallel_workers_send_each_message_once(world: World, app: Receiver) -> None:
    race(world, app)


@pytest.mark.postgres
def test_parallel_workers_on_postgresql(tmp_path: Path, app: Receiver) -> None:
    with postgres(tmp_path / "pg") as url:
        world = make_world(tmp_path, url=url)
        race(world, app)
        world.database.close()


@pytest.mark.line(19)
@pytest.mark.parametrize(
    "address",
    [
        "https://10.0.0.1/x", "https://192.168.1.1/", "https://169.254.169.254/latest",
        "https://[fd00::1]/", "https://0.0.0.0/", "https://user@127.0.0.1/", "ftp://127.0.0.1/",
        "http://example.com/", "https:///x", "https://no-such-host.invalid/", "https://127.0.0.1:0/",
        "https://127.0.0.1:99999/", "https://[::ffff:10.0.0.1]/", "http://localhost.invalid/",
    ],
)  # fmt: skip
def test_line_19_no_message_leaves_for_a_private_address(address: str) -> None:
    with pytest.raises(AppUnreachable):
        post(address, MESSAGE, HERE)


@pytest.mark.line(19)
def test_line_19_this_machine_is_called_only_where_we_are_on_it_alone(app: Receiver) -> None:
    assert post(app.url, MESSAGE, HERE) == 204
    with pytest.raises(AppUnreachable):
        post(app.url, MESSAGE, PUBLIC)
    assert len(app.received) == 1


@contextmanager
def dripping(first: bytes) -> Iterator[str]:
    """A server that says one more byte every tenth of a second, for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            with suppress(OSError):
                connection, _ = listening.accept()
                with connection:
                    connection.sendall(first)
                    while True:
                        connection.sendall(b"x")
                        time.sleep(0.1)

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\nX-Long: "])
def test_an_app_that_answers_drop_by_drop_is_given_up_in_time(first: bytes) -> None:
    start = time.monotonic()
    with dripping(first) as address, pytest.raises(AppUnreachable):
        post(address, MESSAGE, HERE)
    assert time.monotonic() - start < SECONDS + 1
