"""Passkeys and scan-to-sign-in in a real browser, with a virtual authenticator and two windows."""

from collections.abc import Iterator
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import CDPSession, Page

from tests.service.browser.conftest import Opening, sign_in, strangers
from tests.service.browser.looking import DESKTOP, LOOKS, PHONE, Look, find_faults
from tests.service.running import Running, free_port

PASSKEYS = "/account/passkeys"
UPSTREAMS = """
[[upstream]]
name = "gov"
title = "国家政务服务平台"
title_en = "National government service platform"
issuer = "http://127.0.0.1:9"  # nobody answers there
client_id = "city"
client_secret = "secret"
level = 4
"""


class Named(Running):
    """A service under a host name, for which passkeys work."""

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        file = self.data.parent / "upstreams.toml"
        file.write_text(UPSTREAMS, "utf-8")
        return super().settings | {"HAIHE_UPSTREAMS": str(file)}


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    service = Named(tmp_path_factory.mktemp("named") / "data", free_port()).start()
    yield service.url
    service.stop()


class Device:
    """A phone or computer whose screen lock opens its passkeys."""

    def __init__(self, page: Page) -> None:
        self.cdp: CDPSession = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable", {"enableUI": False})
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.id = made["authenticatorId"]

    def keys(self) -> list[dict[str, Any]]:
        found = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id})
        return list(found["credentials"])

    def put_back(self, key: dict[str, Any], count: int) -> None:
        """Put a copy of a key that was made when it had signed `count` times."""
        self.cdp.send("WebAuthn.clearCredentials", {"authenticatorId": self.id})
        copy = {**key, "signCount": count}
        self.cdp.send("WebAuthn.addCredential", {"authenticatorId": self.id, "credential": copy})


def register(page: Page, url: str, name: str = "") -> None:
    page.goto(url + PASSKEYS)
    page.locator("#name").fill(name)
    page.get_by_role("button", name="添加通行密钥").click()
    page.wait_for_url(f"{url}{PASSKEYS}?done=add")


def sign_out(page: Page, url: str) -> None:
    page.goto(url)
    page.locator(".acting button", has_text="退出").click()
    page.wait_for_url(f"{url}/sign-out")


def without_offer(page: Page) -> None:
    """Make the browser one that offers no passkeys in fields, so that the button is used."""
    page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = undefined")


def press_passkey(page: Page, url: str) -> None:
    page.goto(f"{url}/sign-in?return_to=/account")
    page.get_by_role("button", name="用通行密钥登录").click()


def remove_all(page: Page, url: str) -> None:
    page.goto(url + PASSKEYS)
    while page.locator("main details").count():
        page.locator("main details summary").first.click()
        page.get_by_role("button", name="删除").first.click()
        page.wait_for_url(f"{url}{PASSKEYS}?done=remove")


def test_a_person_registers_a_passkey_signs_in_with_it_and_removes_it(
    opening: Opening, named: str
) -> None:
    with opening(named, size=DESKTOP) as context, strangers(context, named) as strange:
        page = context.new_page()
        device = Device(page)
        without_offer(page)
        sign_in(page, named, "person")
        register(page, named, "我的电脑")
        assert page.locator("h3", has_text="我的电脑").count() == 1
        assert len(device.keys()) == 1
        sign_out(page, named)
        press_passkey(page, named)
        page.wait_for_url(f"{named}/account")
        assert page.locator("td", has_text="通行密钥").count() == 1
        page.goto(named + PASSKEYS)
        page.get_by_role("button", name="添加通行密钥").click()
        page.locator("[role=status]", has_text="没有添加成功").wait_for()  # it is excluded
        remove_all(page, named)
        sign_out(page, named)
        press_passkey(page, named)
        page.locator(".error-summary", has_text="通行密钥没有通过").wait_for()
    assert strange == []


def test_the_account_field_offers_the_passkey_by_itself(opening: Opening, named: str) -> None:
    with opening(named, size=DESKTOP) as context:
        page = context.new_page()
        Device(page)
        sign_in(page, named, "agent", "")
        register(page, named)
        sign_out(page, named)
        page.goto(f"{named}/sign-in?return_to=/account")
        page.wait_for_url(lambda address: not address.startswith(f"{named}/sign-in"))
        page.goto(named + PASSKEYS)
        remove_all(page, named)


def test_a_passkey_raises_a_sign_in_with_a_password(opening: Opening, named: str) -> None:
    with opening(named, size=PHONE) as context:
        page = context.new_page()
        Device(page)
        sign_in(page, named, "person")
        register(page, named)
        assert page.get_by_role("link", name="确认是本人").count() == 1
        page.get_by_role("link", name="确认是本人").click()
        page.get_by_role("button", name="使用通行密钥").click()
        page.wait_for_url(named + PASSKEYS)
        assert page.get_by_role("button", name="添加通行密钥").count() == 1
        remove_all(page, named)


def test_a_copy_of_a_passkey_is_found_and_both_are_dead(opening: Opening, named: str) -> None:
    with opening(named, size=DESKTOP) as context:
        page = context.new_page()
        device = Device(page)
        without_offer(page)
        sign_in(page, named, "person")
        register(page, named)
        early = device.keys()[0]
        for _ in range(2):
            sign_out(page, named)
            press_passkey(page, named)
            page.wait_for_url(f"{named}/account")
        sign_out(page, named)
        device.put_back(early, 0)
        press_passkey(page, named)
        page.locator(".error-summary").wait_for()
        sign_in(page, named, "person")
        page.goto(named + PASSKEYS)
        assert page.locator(".badge-bad", has_text="已停用").count() == 1
        remove_all(page, named)


def read_code(page: Page, tmp: Any) -> str:
    """Point a camera at the screen."""
    picture = tmp / "code.png"
    page.locator(".qr").screenshot(path=picture)
    return str(zxingcpp.read_barcodes(Image.open(picture))[0].text)


@pytest.mark.parametrize("script", [True, False])
def test_a_phone_lets_a_desktop_in(
    opening: Opening, service_url: str, tmp_path: Any, script: bool
) -> None:
    with (
        opening(service_url, size=DESKTOP, script=script) as at_desk,
        opening(service_url, size=PHONE) as in_hand,
    ):
        desk, phone = at_desk.new_page(), in_hand.new_page()
        sign_in(phone, service_url, "person")
        desk.goto(f"{service_url}/sign-in?return_to=/account")
        desk.get_by_role("button", name="用手机扫码登录").click()
        phone.goto(read_code(desk, tmp_path))
        assert phone.locator(".digits").inner_text() == desk.locator(".digits").inner_text()
        phone.get_by_role("button", name="同意登录").click()
        phone.locator(".error-summary", has_text="打勾").wait_for()
        phone.locator("label:has(#number)").click()
        phone.get_by_role("button", name="同意登录").click()
        phone.locator(".verdict", has_text="已经同意").wait_for()
        desk.get_by_role("button", name="继续").click()
        desk.wait_for_url(f"{service_url}/account")


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_nothing_is_wrong_with_the_pages_of_signing_in(
    opening: Opening, named: str, tmp_path: Any, look: Look
) -> None:
    faults: list[str] = []
    with opening(named, look, DESKTOP) as at_desk, opening(named, look, PHONE) as in_hand:
        desk, phone = at_desk.new_page(), in_hand.new_page()
        for page in (desk, phone):
            page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        sign_in(phone, named, "person")
        elsewhere = ("/account/upstreams", "/sign-in/upstream?name=gov", "/sign-in/link?link=x")
        own = ("/account", PASSKEYS, "/account/second-factor", "/second-factor")
        for path in (*own, *elsewhere):
            phone.goto(named + path)
            faults += find_faults(phone, look)
        desk.goto(f"{named}/sign-in?as=company")
        faults += find_faults(desk, look)
        desk.locator("form[action='/sign-in/scan'] button").click()
        faults += find_faults(desk, look)
        phone.goto(read_code(desk, tmp_path))
        faults += find_faults(phone, look)
        phone.locator("button[value=allow]").click()
        faults += find_faults(phone, look)
        phone.locator("label:has(#number)").click()
        phone.locator("button[value=allow]").click()
        faults += find_faults(phone, look)
        desk.locator("form[action='/sign-in'] button").wait_for()
        faults += find_faults(desk, look)
    assert not faults, "\n".join(faults)
