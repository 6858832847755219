"""Scan-to-sign-in: the desktop gets in after the phone's clear yes, once, in two minutes."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import zxingcpp
from PIL import Image

from identity.people.assurance import acr_of
from identity.people.scans import LIFETIME_SECONDS, carried_over, id_of, match_number
from identity.people.subjects import Person
from identity.people.visits import Visit
from identity.sign_in.scanning import approve, begin_scan
from identity.signing.tokens import ID, verify_signature
from service.tour.forms import Form, read_forms
from tests.identity.browser import Browser, request_of
from tests.identity.conftest import Site
from tests.identity.test_two_steps import enrolled, forget, present, send_code
from tests.identity.world import PASSWORD, World

DESK = "/sign-in/scan"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120 Safari/537.36 Edg/120"


def form_to(page: httpx.Response, action: str) -> Form:
    return next(form for form in read_forms(page.text) if form.action == action)


def begin(desk: Browser, **request: str) -> httpx.Response:
    """Ask for a code at a desktop; the page with the code."""
    desk.http.headers["User-Agent"] = EDGE
    if request:
        asked = desk.http.get("/authorize", params=request_of(**request))
        page = desk.http.get(asked.headers["location"])
    else:
        page = desk.http.get("/sign-in")
    answer = desk.http.post(DESK, data=form_to(page, DESK).fields)
    return desk.http.get(answer.headers["location"])


def code_on(page: httpx.Response) -> str:
    """Read the QR code from its drawing, as a phone would; the address in it."""
    path = re.search(r'<path[^>]*stroke="#000"[^>]*d="([^"]+)"', page.text)
    assert path is not None
    size = int(re.search(r'viewBox="0 0 (\d+) ', page.text)[1])  # type: ignore[index]
    return read_drawing(path[1], size)


def read_drawing(path: str, size: int) -> str:
    scale = 8 if size > 200 else 1
    side = size // scale
    picture = Image.new("L", (side, side), 255)
    x, y = 0.0, 0.0
    for kind, one, other in re.findall(r"([Mmh])\s*(-?[\d.]+)(?:[ ,]+(-?[\d.]+))?", path):
        if kind == "M":
            x, y = float(one), float(other)
        elif kind == "m":
            x, y = x + float(one), y + float(other)
        else:
            for place in range(int(float(one))):
                picture.putpixel((int(x) + place, int(y)), 0)
            x += float(one)
    grown = picture.resize((side * 4, side * 4))
    return str(zxingcpp.read_barcodes(grown)[0].text)


def number_on(page: httpx.Response) -> str:
    found = re.search(r'class="digits"[^>]*>(\d\d)<', page.text)
    assert found is not None
    return found[1]


@pytest.fixture
def phone(site: Site) -> Iterator[Browser]:
    browser = site.browser("person")
    browser.submit(browser.http.get("/sign-in"))
    return browser


def scan(phone: Browser, page: httpx.Response) -> httpx.Response:
    return phone.http.get(code_on(page).removeprefix(phone.url))


def decide(phone: Browser, shown: httpx.Response, **changes: str) -> httpx.Response:
    fields = form_to(shown, "/scan").fields | {"number": number_on(shown), "decision": "allow"}
    fields = {name: value for name, value in (fields | changes).items() if value}
    return phone.http.post("/scan", data=fields)


def enter(desk: Browser) -> httpx.Response:
    """Press the button that the desktop shows after the phone's yes."""
    page = desk.http.get(DESK + "/state")
    return desk.http.post("/sign-in", data=form_to(page, "/sign-in").fields)


def test_the_desktop_gets_in_after_the_phones_yes_and_the_token_tells_how(
    site: Site, phone: Browser
) -> None:
    began = site.world.clock.now
    site.world.clock.now += 60
    desk = site.browser("person")
    page = begin(desk, acr_values=acr_of(2))
    assert desk.http.get(urlsplit(str(page.url)).path + "/state").status_code == 204
    shown = scan(phone, page)
    for word in (
        "演示·点餐应用",
        urlsplit(site.url).netloc,
        "Edge · Windows",
        "演示·李明",
        "127.0.0.0/24",
    ):
        assert word in shown.text, word
    assert number_on(shown) == number_on(page)
    assert "已经同意" in decide(phone, shown).text
    state = desk.http.get(f"{DESK}/state?{urlsplit(str(page.url)).query}")
    assert "演示·李明" in state.text
    answer = desk.http.post("/sign-in", data=form_to(state, "/sign-in").fields)
    told = desk.walk(answer)
    claims = verify_signature(
        site.world.realm.keys, ID, desk.redeem(told["code"]).json()["id_token"]
    )
    assert claims["amr"] == ["pwd", "mca"]
    assert claims["acr"] == acr_of(2)
    assert claims["auth_time"] == began
    assert "扫码" in phone.http.get("/account").text


def test_the_code_is_opaque_and_opens_nothing_by_itself(site: Site, phone: Browser) -> None:
    desk = site.browser("person")
    page = begin(desk)
    address = code_on(page)
    assert address.startswith(f"{site.url}/scan?c=")
    secret = desk.http.cookies["haihe_scan"]
    assert secret not in page.text
    assert secret not in address
    assert decide(phone, scan(phone, page)).status_code == 200
    thief = site.browser("person")  # saw the code, even knows how the button is made
    fields = form_to(thief.http.get("/sign-in"), "/sign-in").fields | {"method": "scan"}
    for cookie in ("", parse_qs(urlsplit(address).query)["c"][0]):
        thief.http.cookies.set("haihe_scan", cookie)
        assert thief.http.post("/sign-in", data=fields).status_code == 400
    assert enter(desk).status_code == 303


def test_a_yes_needs_the_number_and_a_no_needs_nothing(site: Site, phone: Browser) -> None:
    desk = site.browser("person")
    page = begin(desk)
    shown = scan(phone, page)
    for number in ("", "00"):
        answer = decide(phone, shown, number=number)
        assert answer.status_code == 400
        assert "核对" in answer.text
    assert desk.http.get(DESK + "/state").status_code == 204
    assert "已经拒绝" in decide(phone, shown, decision="refuse", number="").text
    over = desk.http.get(DESK + "/state")
    assert "二维码已经失效" in over.text
    late = phone.http.get(code_on(page).removeprefix(site.url))
    assert late.status_code == 400
    assert "请在电脑上换一个" in late.text
    assert "没有成功" in phone.http.get("/account").text


@pytest.mark.parametrize(
    ("wait", "open_still"), [(LIFETIME_SECONDS - 1, True), (LIFETIME_SECONDS, False)]
)
def test_a_code_lives_two_minutes(site: Site, phone: Browser, wait: int, open_still: bool) -> None:
    desk = site.browser("person")
    page = begin(desk)
    assert f">{LIFETIME_SECONDS}<" in page.text
    shown = scan(phone, page)
    site.world.clock.now += wait
    assert (scan(phone, page).status_code == 200) is open_still
    assert (decide(phone, shown).status_code == 200) is open_still
    assert (desk.http.get(DESK + "/state").text.find("继续") > 0) is open_still


def test_an_approval_that_is_not_fetched_in_time_is_lost(site: Site, phone: Browser) -> None:
    desk = site.browser("person")
    page = begin(desk)
    decide(phone, scan(phone, page))
    state = desk.http.get(DESK + "/state")
    site.world.clock.now += LIFETIME_SECONDS
    fields = form_to(state, "/sign-in").fields
    assert desk.http.post("/sign-in", data=fields).status_code == 400


def pressed(phone: Browser, action: str, path: str = "/account", **fields: str) -> None:
    forms = [form for form in read_forms(phone.http.get(path).text) if form.action == action]
    form = next((each for each in forms if fields.items() <= each.fields.items()), forms[-1])
    answer = phone.http.post(action, data=form.fields | fields)
    assert answer.status_code == 303, answer.text


NEW = "另一句 long pass phrase"
ENDS = {
    "everywhere": ("/account", "/account", {"act": "everywhere"}),
    "all others": ("/account", "/account", {"act": "others"}),
    "this phone": ("/sign-out", "/account", {}),
    "a new password": (
        "/account/password",
        "/account/password",
        {"password": PASSWORD, "new": NEW},
    ),
}


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.line(41)
def test_line_41_an_approval_dies_with_the_sign_in_that_gave_it(
    site: Site, phone: Browser, how: str
) -> None:
    desk, (person, before) = site.browser("person"), person_and_password(site)
    page = begin(desk)
    decide(phone, scan(phone, page))
    state = desk.http.get(DESK + "/state")
    action, path, fields = ENDS[how]
    pressed(phone, action, path, **fields)
    answer = desk.http.post("/sign-in", data=form_to(state, "/sign-in").fields)
    assert answer.status_code == 400
    assert desk.http.get("/account").is_redirect
    with site.world.working() as work:  # the server is everybody's
        work.store.people.set_password(person.person_id, before)


def person_and_password(site: Site) -> tuple[Person, str]:
    with site.world.working() as work:
        found = work.store.people.find_account("person")
    assert found is not None
    return found


def test_an_approval_outlives_another_sign_in_of_the_person(site: Site, phone: Browser) -> None:
    desk, other = site.browser("person"), site.browser("person")
    other.submit(other.http.get("/sign-in"))
    decide(phone, scan(phone, begin(desk)))
    pressed(other, "/sign-out")
    assert enter(desk).status_code == 303


def test_the_phone_signs_in_first_and_comes_back(site: Site) -> None:
    desk, stranger = site.browser("person"), site.browser("person")
    address = code_on(begin(desk)).removeprefix(site.url)
    asked = stranger.http.get(address)
    assert asked.headers["location"].startswith("/sign-in?return_to=%2Fscan%3Fc%3D")
    back = stranger.submit(stranger.http.get(asked.headers["location"]))
    assert back.headers["location"] == address


@pytest.mark.line(15)
def test_line_15_a_yes_from_before_the_request_is_no_new_sign_in(
    site: Site, phone: Browser
) -> None:
    desk = site.browser("person")
    decide(phone, scan(phone, begin(desk)))  # for no app in particular
    site.world.clock.now += 5
    asked = desk.http.get("/authorize", params=request_of(prompt="login"))
    page = desk.http.get(asked.headers["location"])
    flow = form_to(page, "/sign-in").fields["flow"]
    button = form_to(desk.http.get(DESK + "/state"), "/sign-in").fields
    del button["return_to"]
    let_in = desk.http.post("/sign-in", data={**button, "flow": flow})
    onward = desk.http.get(let_in.headers["location"])
    assert onward.headers["location"].startswith("/sign-in?flow=")


@pytest.mark.parametrize("wish", [{"prompt": "login"}, {"max_age": "300"}])
@pytest.mark.line(15)
def test_line_15_an_app_that_wants_a_new_sign_in_gets_one_on_the_phone(
    site: Site, phone: Browser, wish: dict[str, str]
) -> None:
    site.world.clock.now += 60
    desk = site.browser("person")
    page = begin(desk, **wish)
    asked = scan(phone, page)
    assert asked.headers["location"].startswith("/sign-in")
    again = phone.submit(phone.http.get(asked.headers["location"]))
    decide(phone, phone.http.get(again.headers["location"]))
    state = desk.http.get(f"{DESK}/state?{urlsplit(str(page.url)).query}")
    told = desk.walk(desk.http.post("/sign-in", data=form_to(state, "/sign-in").fields))
    token = desk.redeem(told["code"]).json()["id_token"]
    claims = verify_signature(site.world.realm.keys, ID, token)
    assert claims["auth_time"] == site.world.clock.now


def test_two_factors_on_the_phone_are_two_factors_at_the_desktop(site: Site) -> None:
    enrolled(site.world)
    phone, desk = site.browser("person"), site.browser("person")
    send_code(phone, phone.submit(phone.http.get("/sign-in")), present(site.world))
    page = begin(desk, acr_values=acr_of(3))
    decide(phone, scan(phone, page))
    state = desk.http.get(f"{DESK}/state?{urlsplit(str(page.url)).query}")
    told = desk.walk(desk.http.post("/sign-in", data=form_to(state, "/sign-in").fields))
    token = desk.redeem(told["code"]).json()["id_token"]
    claims = verify_signature(site.world.realm.keys, ID, token)
    assert (claims["acr"], claims["amr"]) == (acr_of(3), ["pwd", "otp", "mfa", "mca"])
    forget(site)


def test_what_a_key_shows_it_shows_for_the_phone_alone() -> None:
    assert carried_over("pop hwk user mfa") == ("mfa", "mca")
    assert carried_over("pwd otp mfa") == ("pwd", "otp", "mfa", "mca")


def test_of_two_hundred_tries_at_once_one_approves_and_one_enters(world: World) -> None:
    _, signed_in = world.sign_in("person")
    with world.working() as work:
        scan = begin_scan(work, "secret", "", Visit(), fresh=False)

    def yes(_: int) -> bool:
        with world.working() as work:
            return approve(work, scan, signed_in)

    def collect(_: int) -> bool:
        with world.working() as work:
            return work.store.scans.collect(id_of("secret"), work.now) is not None

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(yes, range(200))) == 1
        assert sum(pool.map(collect, range(200))) == 1


def test_numbers_have_two_digits() -> None:
    numbers = {match_number(lambda _, n=n: n.to_bytes(4, "big")) for n in range(200)}
    assert numbers == {str(number) for number in range(10, 100)}


def test_one_network_cannot_ask_for_codes_without_end(site: Site) -> None:
    desk = site.browser("person")
    fields = form_to(desk.http.get("/sign-in"), DESK).fields
    statuses = [desk.http.post(DESK, data=fields).status_code for _ in range(31)]
    assert statuses == [303] * 30 + [429]


@pytest.mark.parametrize("challenge", ["", "x", "A" * 64, "演示", "\0", "A" * 5000])
def test_what_is_no_code_is_refused_in_words(site: Site, challenge: str) -> None:
    assert site.browser().http.get("/scan", params={"c": challenge}).status_code == 400


def test_without_script_the_page_asks_again_by_itself(site: Site, phone: Browser) -> None:
    desk = site.browser("person")
    page = begin(desk)
    assert '<noscript><meta http-equiv="refresh"' in page.text
    decide(phone, scan(phone, page))
    again = desk.http.get(str(page.url))
    assert "http-equiv" not in again.text
    assert "手机已经同意" in unescape(again.text)


def test_no_text_of_it_is_left_untranslated(site: Site, phone: Browser) -> None:
    desk = site.browser("person")
    for browser in (desk, phone):
        browser.http.headers["Accept-Language"] = "en"
    page = begin(desk)
    shown = scan(phone, page)
    unsure = decide(phone, shown, number="")
    end = decide(phone, shown)
    state = desk.http.get(DESK + "/state")
    for each in (page, shown, unsure, end, state):
        main = each.text.partition("<main")[2].partition("</main>")[0] or each.text
        bare = re.sub(r'<span lang="zh-CN">.*?</span>', "", main)
        assert not re.findall(r"[\u4e00-\u9fff]+", bare), each.url
