"""More than can be done in time is refused at once, in words that say when to come again."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from service.web.pressure import Patience, Pressure
from tests.running_loops import run_alone

Wait = Callable[[], Awaitable[object]]


def app_that(waits: Wait) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await waits()
        await PlainTextResponse("done")(scope, receive, send)

    return app


def client(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here")


def assert_busy(answer: httpx.Response) -> None:
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("most", [1, 3])
def test_as_many_as_there_is_room_for_are_answered_and_one_more_is_not(most: int) -> None:
    async def run() -> None:
        go = asyncio.Event()
        async with client(Pressure(app_that(go.wait), most=most)) as http:
            held = [asyncio.create_task(http.get("/")) for _ in range(most)]
            await asyncio.sleep(0.05)
            assert_busy(await http.get("/"))
            assert (await asyncio.wait_for(asyncio.shield(refused(http)), 1)) == 503
            go.set()
            assert [each.status_code for each in await asyncio.gather(*held)] == [200] * most
            assert (await http.get("/")).status_code == 200

    async def refused(http: httpx.AsyncClient) -> int:
        return (await http.get("/token")).status_code

    run_alone(run())


def test_a_busy_worker_still_says_that_it_lives() -> None:
    async def run() -> None:
        async with client(Pressure(app_that(lambda: asyncio.sleep(0)), most=0)) as http:
            assert_busy(await http.get("/"))
            assert (await http.get("/health")).status_code == 200

    run_alone(run())


def test_what_takes_too_long_is_answered_all_the_same() -> None:
    async def run() -> None:
        app = Patience(app_that(lambda: asyncio.sleep(0.5)), seconds=0.1)
        async with client(app) as http:
            began = asyncio.get_running_loop().time()
            assert_busy(await http.get("/"))
            assert asyncio.get_running_loop().time() - began < 0.4
        await asyncio.sleep(0.6)  # what it says later is not heard

    run_alone(run())


def test_what_is_in_time_is_left_alone() -> None:
    async def run() -> None:
        app = Patience(app_that(lambda: asyncio.sleep(0.05)), seconds=1)
        async with client(app) as http:
            assert (await http.get("/")).text == "done"

    run_alone(run())
