"""The whole service: no page of any part takes a form without the token of its browser."""

import re
from pathlib import Path

import httpx
import pytest

from service.app import assemble
from service.opened import open_service
from service.settings import read_settings
from tests.identity.test_forged_forms import paths_in
from tests.service.serving import served


@pytest.mark.line(34)
def test_line_34_no_form_of_the_whole_service_is_taken_without_its_token(tmp_path: Path) -> None:
    opened = open_service(read_settings({"HAIHE_DATA": str(tmp_path / "data")}), demo=True)
    app, _ = assemble(opened, opened.open_chain(mines=True))
    no_pages = ("/api/", "/tsa")  # interfaces that no browser's cookie opens
    paths = {path for path in paths_in(app) if not path.startswith(no_pages)}
    assert len(paths) > 15
    with served(app) as url, httpx.Client(base_url=url) as http:
        page = http.get("/sign-in").text
        token = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
        assert token
        for path in sorted(paths):
            for fields in ({}, {"csrf": "0" * 64}):
                answer = http.post(path, data={"act": "x", **fields})
                assert answer.status_code in {303, 403}, (path, answer.status_code)
                if answer.status_code == 303:  # who is not signed in is sent there, unread
                    assert answer.headers["location"].startswith("/sign-in"), path
            own = {"csrf": token[1]}
            answer = http.post(path, data=own, headers={"Origin": "https://evil.example"})
            assert answer.status_code in {303, 403}, path
    opened.database.close()
