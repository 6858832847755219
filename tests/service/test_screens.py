"""A clerk's verdict stays on the screen whichever worker the browser comes to."""

from pathlib import Path

import httpx
import pytest

from service import demo
from service.tour.forms import read_forms
from service.tour.steps import WEB_APP, sign_in
from tests.service.running import Running, free_port
from tests.tools_found import postgres

TIMES = 40


def shown_digits(url: str) -> str:
    """The six digits of a licence that its holder shows."""
    holder = sign_in(
        url, WEB_APP, ("agent", demo.PASSWORD), demo.COMPANY, "openid licence.read licence.show"
    )
    listed = holder.get("/api/licences").json()["licences"]
    identifier = next(
        each["identifier"]
        for each in listed
        if demo.TOUR_TYPE in str(each["type"]) and each["state"] == "valid"
    )
    answer = holder.post(f"/api/licences/{identifier}/shows", {"matter": demo.TOUR_MATTER})
    return str(answer.json()["digits"])


def clerk_of(http: httpx.Client) -> str:
    """Sign a clerk in for the service centre; the browser's token against forgery."""
    csrf = http.get("/sign-in").text.split('name="csrf" value="')[1].partition('"')[0]
    form = {"csrf": csrf, "account": "clerk", "password": demo.PASSWORD}
    assert http.post("/sign-in", data=form).status_code == 303
    buttons = [each for form in read_forms(http.get("/act-for").text) for each in form.buttons]
    party = next(each.value for each in buttons if demo.CENTRE in each.text)
    assert http.post("/act-for", data={"csrf": csrf, "party": party}).status_code == 303
    return csrf


@pytest.mark.postgres
def test_a_verdict_is_shown_by_every_worker_and_rests_sealed(tmp_path: Path) -> None:
    with postgres(tmp_path / "pg") as url:
        service = Running(tmp_path / "data", free_port(), database_url=url, workers=2).start()
        try:
            digits = shown_digits(service.url)
            with httpx.Client(base_url=service.url, timeout=20) as http:
                csrf = clerk_of(http)
                form = {"csrf": csrf, "matter": demo.TOUR_MATTER, "purpose": "演示 核验"}
                files = {name: (None, value) for name, value in {**form, "code": digits}.items()}
                sent = http.post("/verify", files=files)
                assert sent.status_code == 303, sent.text[:500]
                cookies = dict(http.cookies)
            pages = {
                httpx.get(  # a connection of its own each time, so any worker may take it
                    service.url + sent.headers["location"], cookies=cookies, timeout=20
                ).status_code
                for _ in range(TIMES)
            }
            assert pages == {200}
        finally:
            service.stop()
