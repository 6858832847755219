"""The page frame, by itself: languages, forms, headers, static files, texts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import Depends, FastAPI, Request
from jinja2 import UndefinedError
from starlette.responses import JSONResponse, Response

from service.web.errors import FieldRepeated, FormForged, FormTooLarge, FormUnreadable, WebError
from service.web.frame import PageFrame
from service.web.headers import origin_of
from service.web.pages import local_address, router
from service.web.problems import PROBLEMS
from service.web.reference import read_operations
from service.web.texts import find_untranslated, load_catalogue
from tests.service.serving import served

ROOT = Path(__file__).parents[2]
WEB = ROOT / "service" / "web"
DOMAINS = [ROOT / name / "pages" for name in ("identity", "certificates", "ledger")]
PAGE = '{% extends "web/frame.html" %}{% block title %}t{% endblock %}{% block main %}'
FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Clerk:
    person_name: str = "演示·李窗口"
    party_name: str = "演示·政务服务中心"
    is_legal_person: bool = True
    powers: frozenset[str] = frozenset({"verify"})


def make_frame(templates: Path, *, secure: bool = False, signed_in: bool = False) -> PageFrame:
    return PageFrame(
        {"try": templates},
        [],
        b"k" * 32,
        lambda _: Clerk() if signed_in else None,
        demo=True,
        secure_cookies=secure,
        version="1.2.3",
    )


def make_app(frame: PageFrame) -> FastAPI:
    app = FastAPI()
    app.include_router(router(frame, {}))

    @app.exception_handler(WebError)
    def refuse(_: Request, error: WebError) -> Response:
        return JSONResponse({"refused": type(error).__name__}, 400)

    @app.get("/page")
    def page(request: Request) -> Response:
        return frame.render(request, "try/page.html", {"name": "<b>甲</b>", "at": 1_700_000_000})

    @app.get("/leading-away")
    def leading_away(request: Request) -> Response:
        frame.allow_form_action(request, "https://app.example/cb?x=1")
        return frame.render(request, "web/help.html", {})

    @app.post("/form")
    def form(fields: dict[str, str] = Depends(frame.form)) -> dict[str, str]:
        return dict(fields)

    @app.post("/upload")
    async def upload(request: Request) -> dict[str, object]:
        fields, files = await frame.upload(request)
        return {"fields": fields, "files": {name: len(data) for name, data in files.items()}}

    return app


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("templates")
    (tmp_path / "page.html").write_text(
        PAGE + "<h1>{{ name }}</h1>{{ name|zh }}{{ at|local_time }}{{ csrf }}{% endblock %}"
    )
    (tmp_path / "unknown.html").write_text(PAGE + "{{ no_such_name }}{% endblock %}")
    return tmp_path


@pytest.fixture(scope="module")
def address(templates: Path) -> Iterator[str]:
    with served(make_app(make_frame(templates))) as address:
        yield address


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    with browser(address) as client:
        yield client


def browser(address: str) -> httpx.Client:
    return httpx.Client(base_url=address)


def token_of(client: httpx.Client) -> str:
    return client.get("/page").text.split('name="csrf" value="')[1].split('"')[0]


@pytest.mark.parametrize(
    ("cookie", "path", "accepted", "language"),
    [
        (None, "/", "", "zh-CN"),
        (None, "/", "fr,de;q=0.5", "zh-CN"),
        (None, "/", "en-GB,zh;q=0.5", "en"),
        (None, "/", "en;q=0.2,zh-TW;q=0.9", "zh-CN"),
        (None, "/", "en;q=0,*", "zh-CN"),
        (None, "/", "en;q=nonsense", "zh-CN"),
        (None, "/?ui_locales=fr%20en", "zh-CN", "en"),
        ("zh-CN", "/?ui_locales=en", "en", "zh-CN"),
        ("klingon", "/", "en", "en"),
    ],
)
def test_the_language_is_the_persons_then_the_apps_then_the_browsers(
    client: httpx.Client, cookie: str | None, path: str, accepted: str, language: str
) -> None:
    if cookie:
        client.cookies.set("lang", cookie)
    answer = client.get(path, headers={"Accept-Language": accepted})
    assert f'<html lang="{language}"' in answer.text
    assert answer.headers["Content-Language"] == language


@pytest.mark.line(13)
@pytest.mark.line(14)
def test_every_page_forbids_what_it_does_not_need(client: httpx.Client) -> None:
    headers = client.get("/page").headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    nonce = policy.pop("script-src").removeprefix("'self' 'nonce-").removesuffix("'")
    assert len(nonce) == 32
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self' blob:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Permissions-Policy"].startswith("camera=(self)")


def test_an_allowed_form_action_is_an_origin_and_ends_with_its_answer(client: httpx.Client) -> None:
    policy = client.get("/leading-away").headers["Content-Security-Policy"]
    assert "form-action 'self' https://app.example;" in policy
    assert "app.example" not in client.get("/page").headers["Content-Security-Policy"]


def test_a_native_apps_address_is_allowed_by_its_scheme() -> None:
    assert origin_of("com.example.app:/cb") == "com.example.app:"
    assert origin_of("http://127.0.0.1:4999/cb") == "http://127.0.0.1:4999"


@pytest.mark.parametrize("address", ["", "/cb", "https://a.example;script-src *", "https://u@h/"])
def test_what_a_policy_cannot_carry_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="not an origin"):
        origin_of(address)


def test_values_are_escaped_and_chinese_data_is_marked(client: httpx.Client) -> None:
    text = client.get("/page").text
    assert "<h1>&lt;b&gt;甲&lt;/b&gt;</h1>" in text
    assert '<span lang="zh-CN">&lt;b&gt;甲&lt;/b&gt;</span>' in text


def test_times_are_beijing_times_in_the_readers_language(client: httpx.Client) -> None:
    element = '<time datetime="2023-11-14T22:13:20Z">'
    assert f"{element}2023年11月15日 06:13:20</time>" in client.get("/page").text
    client.cookies.set("lang", "en")
    assert f"{element}15 Nov 2023 06:13:20</time>" in client.get("/page").text


def test_a_name_the_template_was_not_given_is_an_error(templates: Path) -> None:
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    request = Request(scope)
    with pytest.raises(UndefinedError, match="no_such_name"):
        make_frame(templates).render(request, "try/unknown.html", {})


@pytest.mark.parametrize("name", ["lang", "elder", "version", "csrf"])
def test_a_page_cannot_take_a_name_of_the_frame(templates: Path, name: str) -> None:
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    with pytest.raises(ValueError, match=name):
        make_frame(templates).render(Request(scope), "web/help.html", {name: 1})


def test_a_form_of_ours_is_received_without_its_token(client: httpx.Client) -> None:
    sent = {"csrf": token_of(client), "name": "甲", "empty": ""}
    assert client.post("/form", data=sent).json() == {"name": "甲", "empty": ""}


@pytest.mark.parametrize(
    ("header", "value", "accepted"),
    [
        ("Origin", "http://{host}", True),
        ("Origin", "null", True),
        ("Origin", "https://evil.example", False),
        ("Sec-Fetch-Site", "same-origin", True),
        ("Sec-Fetch-Site", "none", True),
        ("Sec-Fetch-Site", "same-site", False),
        ("Sec-Fetch-Site", "cross-site", False),
    ],
)
def test_a_form_sent_by_another_site_is_refused(
    client: httpx.Client, header: str, value: str, *, accepted: bool
) -> None:
    sent = {header: value.format(host=client.base_url.netloc.decode())}
    answer = client.post("/form", data={"csrf": token_of(client)}, headers=sent)
    assert (answer.status_code == 200) is accepted


def test_a_token_works_in_its_own_browser_only(client: httpx.Client) -> None:
    with browser(str(client.base_url)) as stranger:
        token_of(stranger)
        answer = stranger.post("/form", data={"csrf": token_of(client)})
    assert answer.json() == {"refused": FormForged.__name__}


def test_a_form_without_cookie_or_token_is_refused(client: httpx.Client) -> None:
    assert client.post("/form", data={"csrf": "x"}).json() == {"refused": FormForged.__name__}
    token_of(client)
    assert client.post("/form", data={"a": "b"}).json() == {"refused": FormForged.__name__}
    assert client.post("/form", data={"csrf": "é"}).json() == {"refused": FormForged.__name__}


def test_the_browser_cookie_is_given_once_and_kept_from_scripts(client: httpx.Client) -> None:
    cookie = client.get("/page").headers["Set-Cookie"]
    assert cookie.startswith("haihe-browser=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Set-Cookie" not in client.get("/page").headers


def test_behind_tls_the_cookie_belongs_to_this_host_only(templates: Path) -> None:
    with served(make_app(make_frame(templates, secure=True))) as address:
        cookie = httpx.get(f"{address}/page").headers["Set-Cookie"]
    assert cookie.startswith("__Host-haihe-browser=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"a=1&a=2", FieldRepeated),
        (b"a=%ff", FormUnreadable),
        (b"a=\xff", FormUnreadable),
        (b"&".join(b"f%d=" % number for number in range(201)), FormUnreadable),
        (b"a=" + b"x" * (64 * 1024 - 1), FormTooLarge),
    ],
)
def test_a_bad_form_is_refused_for_its_reason(
    client: httpx.Client, body: bytes, error: type[WebError]
) -> None:
    answer = client.post("/form", content=body, headers=FORM_TYPE)
    assert answer.json() == {"refused": error.__name__}


def test_a_form_of_exactly_the_bound_is_read(client: httpx.Client) -> None:
    token = f"csrf={token_of(client)}&a="
    body = token + "x" * (64 * 1024 - len(token))
    answer = client.post("/form", content=body, headers=FORM_TYPE)
    assert len(answer.json()["a"]) == 64 * 1024 - len(token)


def test_another_content_type_is_not_read(client: httpx.Client) -> None:
    assert client.post("/form", json={}).json() == {"refused": FormUnreadable.__name__}
    assert client.post("/upload", data={"a": "b"}).json() == {"refused": FormUnreadable.__name__}


def test_an_upload_gives_fields_and_files_but_not_empty_inputs(client: httpx.Client) -> None:
    parts = [
        f'name="csrf"\r\n\r\n{token_of(client)}',
        'name="matter"\r\n\r\nm',
        'name="picture"; filename="a.png"\r\n\r\n12345',
        'name="other"; filename=""\r\n\r\n',
    ]
    body = "".join(f"--b\r\nContent-Disposition: form-data; {part}\r\n" for part in parts)
    sent = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = client.post("/upload", content=f"{body}--b--\r\n", headers=sent)
    assert answer.json() == {"fields": {"matter": "m"}, "files": {"picture": 5}}


def test_an_upload_is_bounded_and_whole(client: httpx.Client) -> None:
    big = {"picture": ("a.png", b"x" * (8 * 1024 * 1024))}
    assert client.post("/upload", files=big).json() == {"refused": FormTooLarge.__name__}
    many = [(f"f{number}", ("a", b"x")) for number in range(5)]
    assert client.post("/upload", files=many).json() == {"refused": FormUnreadable.__name__}
    twice = [("f", ("a", b"x")), ("f", ("b", b"y"))]
    assert client.post("/upload", files=twice).json() == {"refused": FieldRepeated.__name__}
    for content_type in ("multipart/form-data", "multipart/form-data; boundary=b"):
        answer = client.post("/upload", content=b"--b\r\nx", headers={"Content-Type": content_type})
        assert answer.json()["refused"] in {FormUnreadable.__name__, FormForged.__name__}


def test_language_and_view_are_remembered_and_lead_back(client: httpx.Client) -> None:
    token = token_of(client)
    sent = {"csrf": token, "lang": "en", "return_to": "/page?a=b"}
    answer = client.post("/language", data=sent)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/page?a=b"
    client.post("/view", data={"csrf": token, "view": "elder"})
    assert '<html lang="en" class="view-elder elder">' in client.get("/page").text


def test_an_unknown_language_or_view_changes_nothing(client: httpx.Client) -> None:
    client.post("/view", data={"csrf": token_of(client), "view": '"><script>'})
    assert 'class="view-normal"' in client.get("/page").text


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "/\\evil.example", "https://evil.example", "", "/a\r\nb", "/\t/evil", "a"],
)
def test_returning_never_leaves_this_site(address: str) -> None:
    assert local_address(address) == "/"


def test_the_acting_identity_and_its_tasks_are_on_every_page(templates: Path) -> None:
    with served(make_app(make_frame(templates, signed_in=True))) as address:
        text = httpx.get(f"{address}/page").text
    for words in ("演示·李窗口", "演示·政务服务中心", 'href="/act-for"', 'action="/sign-out"'):
        assert words in text
    assert 'href="/verify"' in text
    assert 'href="/ledger"' not in text


def test_each_problem_has_its_page(client: httpx.Client) -> None:
    for slug, problem in PROBLEMS.items():
        text = client.get(f"/problems/{slug}").text
        assert problem.title["zh"] in text
        assert problem.next["zh"] in text
    assert client.get("/problems/unheard-of").status_code == 404


def test_static_files_are_kept_for_ever_under_the_address_of_their_content(
    client: httpx.Client,
) -> None:
    address = client.get("/").text.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = client.get(address)
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.get("/static/0000000000000000/haihe.css").status_code == 404
    assert client.get(f"{address}.map").status_code == 404


def test_the_script_stays_small() -> None:
    assert len((WEB / "static" / "haihe.js").read_bytes()) < 10_000
    assert sum(len(path.read_bytes()) for path in (WEB / "static").glob("*.js")) <= 10 * 1024


def test_every_text_of_every_page_has_its_english() -> None:
    folders = [WEB.parent, *(folder for folder in DOMAINS if folder.exists())]
    catalogues = [WEB / "texts", *ROOT.glob("*/pages/texts")]
    assert find_untranslated(folders, load_catalogue(catalogues)) == []


def test_a_text_has_the_same_english_on_all_pages() -> None:
    found: dict[str, set[str]] = {}
    for path in [*(WEB / "texts").glob("*.po"), *ROOT.glob("*/pages/texts/*.po")]:
        for text, english in load_catalogue([path]).items():
            found.setdefault(text, set()).add(english)
    assert {text: english for text, english in found.items() if len(english) > 1} == {}


def test_the_reference_lists_every_operation_with_its_body(templates: Path) -> None:
    app = make_app(make_frame(templates))

    @app.post("/api/things/{name}", summary="Make a thing")
    def make(name: str, size: int, fields: dict[str, str]) -> None: ...

    operation = read_operations(app.openapi())[-1]
    assert (operation.method, operation.path) == ("POST", "/api/things/{name}")
    assert [each.name for each in operation.parameters] == ["name", "size"]
    assert '"additionalProperties"' in operation.body
    assert [code for code, _ in operation.responses] == ["200", "422"]
