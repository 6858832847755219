"""Token keys over time: published before they sign, accepted after, never readable at rest."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from identity.errors import BadAccessToken, NotRegistered, SealBroken
from identity.operating.rotating import (
    DAY_SECONDS,
    keep_keys,
    newest_of,
    prepare_keys,
    refresh_keys,
    retire,
    rotate,
)
from identity.people.sessions import ABSOLUTE_SECONDS
from identity.seals import KEY_BYTES, Seals
from identity.signing.keys import (
    AHEAD_SECONDS,
    ALGORITHMS,
    CACHE_SECONDS,
    KEPT_SECONDS,
    KINDS,
    TOKEN_SECONDS,
    KeptKey,
    KeyChain,
    kept_key,
    signing_kids,
)
from identity.signing.tokens import ACCESS, ID, sign_token, verify_signature
from tests.identity.browser import Browser, basic
from tests.identity.conftest import Site
from tests.identity.flows import tokens_in
from tests.identity.test_back_channel import userinfo
from tests.identity.world import (
    EXACT_SECRET,
    PUBLISHED,
    SERVICE_SECRET,
    World,
    make_world,
    open_world,
    world_bytes,
)
from tests.tools_found import postgres


def rotate_one(world: World, algorithm: str = "ES256") -> KeptKey:
    new = rotate(world.realm, newest_of(refresh_keys(world.realm), algorithm))
    assert new is not None
    refresh_keys(world.realm)
    return new


def published(world: World) -> set[str]:
    return {str(key["kid"]) for key in world.realm.keys.published()["keys"]}


def signing(world: World, algorithm: str = "ES256") -> str:
    return str(world.realm.keys.signing_by[algorithm].kid)


@pytest.mark.line(45)
def test_line_45_a_key_is_published_before_it_signs_and_until_its_tokens_are_dead(
    world: World,
) -> None:
    old, start = signing(world), world.clock.now
    new = rotate_one(world)
    assert {old, new.kid} <= published(world)
    for wait, kid in ((0, old), (AHEAD_SECONDS - 1, old), (AHEAD_SECONDS, new.kid)):
        world.clock.now = start + wait
        refresh_keys(world.realm)
        assert signing(world) == kid
    last = sign_token(replace_signer(world, old), ID, {"sub": "x"})
    for wait, known in ((KEPT_SECONDS - 1, True), (KEPT_SECONDS, False)):
        world.clock.now = start + AHEAD_SECONDS + wait
        refresh_keys(world.realm)
        assert (old in published(world)) == known
        if known:
            assert verify_signature(world.realm.keys, ID, last)
        else:
            with pytest.raises(BadAccessToken):
                verify_signature(world.realm.keys, ID, last)
    keep_keys(world.realm, 0)
    assert old not in {key.kid for key in refresh_keys(world.realm)}


def replace_signer(world: World, kid: str):  # type: ignore[no-untyped-def]
    """The ring as it was while another key signed."""
    ring = world.realm.keys
    return replace(ring, signing_by={str(key.alg): key for key in ring.keys if key.kid == kid})


def test_the_times_fit_together() -> None:
    assert AHEAD_SECONDS >= 2 * CACHE_SECONDS  # a cached key set, and workers that learn of it
    assert KEPT_SECONDS >= ABSOLUTE_SECONDS + TOKEN_SECONDS


def test_the_key_set_may_be_kept_no_longer_than_a_new_key_waits(site: Site) -> None:
    answer = site.browser().http.get("/jwks")
    assert answer.headers["cache-control"] == f"public, max-age={CACHE_SECONDS}"
    assert CACHE_SECONDS < AHEAD_SECONDS


@pytest.mark.line(45)
@pytest.mark.module("oidcc-server-rotate-keys")
def test_oidcc_server_rotate_keys(site: Site) -> None:
    world, browser = site.world, site.browser("reader")
    stop, failures, kids = threading.Event(), [], set[str]()
    # What an app does: it keeps the key set as long as it may, and looks keys up in it.
    kept = {"at": 0, "keys": KeySet([])}

    def keys(now: int) -> KeySet:
        if now - int(kept["at"]) >= CACHE_SECONDS:  # type: ignore[call-overload]
            kept["at"], kept["keys"] = (
                now,
                KeySet.import_key_set(httpx.get(site.url + "/jwks").json()),
            )
        return kept["keys"]  # type: ignore[return-value]

    def ask() -> None:
        form = {"grant_type": "client_credentials"}
        while not stop.is_set():
            answer = httpx.post(
                site.url + "/token", data=form, headers=basic("service", SERVICE_SECRET)
            )
            token = answer.json()["access_token"]
            try:
                kids.add(str(jwt.decode(token, keys(world.clock.now), ["ES256"]).header["kid"]))
            except (JoseError, ValueError) as error:
                failures.append(error)

    first = complete(browser)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        for _ in range(3):
            kid = rotate_one(world).kid
            for _ in range(AHEAD_SECONDS // 100 + 1):
                world.clock.now += 100
                refresh_keys(world.realm)
                soon = threading.Event()
                soon.wait(0.05)
            assert signing(world) == kid
        stop.set()
        asking.result()
    assert failures == []
    assert len(kids) >= 3
    for algorithm in ALGORITHMS:
        rotate_one(world, algorithm)
    world.clock.now += AHEAD_SECONDS
    refresh_keys(world.realm)
    second = complete(browser)
    assert kid_of(second["id_token"]) != kid_of(first["id_token"])
    for tokens in (first, second):
        fresh = KeySet.import_key_set(httpx.get(site.url + "/jwks").json())
        assert jwt.decode(tokens["id_token"], fresh, ["ES256", "RS256"])
    answer = browser.http.get("/logout", params={"id_token_hint": first["id_token"]})
    assert answer.status_code == 303  # the old key still proves the hint


def complete(browser: Browser) -> dict[str, str]:
    request = {
        "response_type": "code", "client_id": "exact", "scope": "openid", "nonce": "n",
        "redirect_uri": "http://127.0.0.1:4999/cb",
    }  # fmt: skip
    code = browser.authorize(request)["code"]
    form = {"grant_type": "authorization_code", "redirect_uri": request["redirect_uri"]}
    answer = browser.token(basic("exact", EXACT_SECRET), **form, code=code)
    return dict(answer.json())


def kid_of(token: str) -> str:
    return str(jws.extract_compact(token.encode()).headers()["kid"])


def test_a_retired_key_is_refused_at_once_and_another_signs(world: World) -> None:
    token = tokens_in(world)[0]["access_token"]
    old = signing(world)
    retire(world.realm, old)
    assert signing(world) != old
    assert old not in published(world)
    with pytest.raises(BadAccessToken):
        verify_signature(world.realm.keys, ACCESS, token)
    assert verify_signature(world.realm.keys, ACCESS, tokens_in(world)[0]["access_token"])


def test_the_key_that_waits_steps_in_for_one_that_is_retired(world: World) -> None:
    old, new = signing(world), rotate_one(world).kid
    retire(world.realm, old)
    assert signing(world) == new


def test_no_older_key_signs_again_when_the_present_one_is_retired(world: World) -> None:
    old, new = signing(world), rotate_one(world).kid
    world.clock.now += AHEAD_SECONDS
    refresh_keys(world.realm)
    retire(world.realm, new)
    assert signing(world) not in {old, new}
    assert old in published(world)


def test_a_key_that_waits_and_is_retired_gets_a_successor_that_waits(world: World) -> None:
    old, new = signing(world), rotate_one(world).kid
    retire(world.realm, new)
    assert signing(world) == old
    heir = newest_of(refresh_keys(world.realm), "ES256")
    assert heir.kid not in {old, new}
    assert heir.signs_from == world.clock.now + AHEAD_SECONDS


def test_nobody_retires_what_does_not_exist(world: World) -> None:
    with pytest.raises(NotRegistered):
        retire(world.realm, "nothing")


@pytest.mark.parametrize(
    ("seconds", "due"), [(90 * DAY_SECONDS - 1, False), (90 * DAY_SECONDS, True)]
)
def test_a_key_gets_its_successor_on_its_day(world: World, seconds: int, due: bool) -> None:
    before = published(world)
    world.clock.now += seconds
    keep_keys(world.realm, 0)
    assert published(world) == before
    keep_keys(world.realm, 90)
    assert len(published(world)) == (2 if due else 1) * len(KINDS)
    keep_keys(world.realm, 90)
    assert len(published(world)) == (2 if due else 1) * len(KINDS)


def race(world: World) -> None:
    """Eight workers whose schedules strike at the same time."""
    world.clock.now += 90 * DAY_SECONDS
    kept = refresh_keys(world.realm)
    barrier = threading.Barrier(8)

    def strike(_: int) -> bool:
        barrier.wait()
        return rotate(world.realm, newest_of(kept, "ES256")) is not None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(strike, range(8))) == 1


def test_parallel_rotations_make_one_key(world: World) -> None:
    race(world)


@pytest.mark.postgres
def test_parallel_rotations_on_postgresql(tmp_path: Path) -> None:
    with postgres(tmp_path / "pg") as url:
        world = make_world(tmp_path, url=url)
        race(world)
        world.database.close()


def test_workers_that_start_together_make_the_first_keys_once(world: World) -> None:
    with world.working() as work:
        for key in work.store.keys.all():
            work.store.keys.remove(key.kid)
    realms = [replace(world.realm, keychain=KeyChain()) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(prepare_keys, realms))
    assert len({realm.keys.document for realm in realms}) == 1
    assert len(realms[0].keys.keys) == len(KINDS)


def test_another_worker_learns_of_a_new_key_by_reading_one_row_set(world: World) -> None:
    other = replace(world.realm, keychain=KeyChain())
    refresh_keys(other)
    ring = other.keys
    refresh_keys(other)
    assert other.keys is ring  # nothing new: the ring in use stays, with all that is built on it
    new = rotate_one(world).kid
    assert new not in {key.kid for key in other.keys.keys}
    keep_keys(other, 0)
    assert new in {key.kid for key in other.keys.keys}
    assert other.keys.keys[0] is ring.keys[0]  # a key is read once


@pytest.mark.line(45)
def test_line_45_private_keys_rest_sealed(world: World, tmp_path: Path) -> None:
    held = world_bytes(world)
    for key in world.realm.keys.keys:
        secret = key.as_pem(private=True)
        assert secret[40:80] not in held
        assert b"PRIVATE KEY" not in held
    assert not list(tmp_path.rglob("*.pem"))
    with world.working() as work:
        kept = work.store.keys.all()
    with pytest.raises(SealBroken):
        KeyChain().renew(Seals(b"x" * KEY_BYTES), kept, world.clock.now)
    swapped = [replace(kept[0], kid=kept[1].kid)]
    with pytest.raises(SealBroken):
        KeyChain().renew(world.realm.seals, swapped, world.clock.now)


PEMS = {
    "token-0001.pem": ECKey.generate_key("P-256"),
    "token-0002.pem": ECKey.generate_key("P-256"),
    "rsa-0001.pem": RSAKey.generate_key(2048),
    "eddsa-0001.pem": OKPKey.generate_key("Ed25519"),
}


@pytest.fixture
def old_world(world: World, tmp_path: Path) -> tuple[World, Path]:
    """A world as an older version left it: keys in files, none in the database."""
    with world.working() as work:
        for key in work.store.keys.all():
            work.store.keys.remove(key.kid)
    folder = tmp_path / "keys"
    folder.mkdir()
    for name, key in PEMS.items():
        (folder / name).write_bytes(key.as_pem(private=True))
        (folder / name).chmod(0o600)
    return world, folder


def test_keys_in_files_are_taken_over_and_the_files_go(old_world: tuple[World, Path]) -> None:
    world, folder = old_world
    prepare_keys(world.realm, folder)
    encrypting = {str(key.kid) for key in world.realm.keys.decrypting}
    assert published(world) - encrypting == {key.thumbprint() for key in PEMS.values()}
    assert signing(world) == PEMS["token-0002.pem"].thumbprint()
    assert list(folder.iterdir()) == []
    prepare_keys(world.realm, folder)
    world.clock.now += KEPT_SECONDS
    keep_keys(world.realm, 0)
    assert PEMS["token-0001.pem"].thumbprint() not in published(world)


def test_files_of_other_keys_are_left_alone(old_world: tuple[World, Path]) -> None:
    world, folder = old_world
    prepare_keys(world.realm)
    prepare_keys(world.realm, folder)
    assert len(list(folder.iterdir())) == len(PEMS)


def test_a_key_file_that_others_can_read_stops_the_start(old_world: tuple[World, Path]) -> None:
    world, folder = old_world
    (folder / "token-0002.pem").chmod(0o640)
    with pytest.raises(ValueError, match="chmod 600"):
        prepare_keys(world.realm, folder)


def test_keys_stay_over_a_restart(world: World, tmp_path: Path) -> None:
    again = open_world(tmp_path)
    assert again.realm.keys.document == world.realm.keys.document
    again.database.close()


def test_a_key_is_named_by_its_thumbprint() -> None:
    vector = PUBLISHED["thumbprint"]
    key = kept_key(Seals(bytes(KEY_BYTES)), ECKey.import_key(vector["key"]), "ES256", 0, 0, 0)
    assert key.kid == vector["thumbprint"]


def a_key(kid: str, generation: int, signs_from: int, ends_at: int | None = None) -> KeptKey:
    return KeptKey(kid, "ES256", generation, b"", 0, signs_from, ends_at)


def test_if_the_clock_went_back_the_oldest_key_signs() -> None:
    assert signing_kids([a_key("a", 0, 50), a_key("b", 1, 90)], 10) == {"a"}
    assert signing_kids([a_key("a", 0, 50), a_key("b", 1, 90)], 89) == {"a"}
    assert signing_kids([a_key("a", 0, 50), a_key("b", 1, 90)], 90) == {"b"}
    assert signing_kids([a_key("a", 0, 50, 60), a_key("b", 1, 90)], 70) == {"b"}


def test_published_keys_are_public_and_named(site: Site) -> None:
    keys = httpx.get(site.url + "/jwks").json()["keys"]
    assert all("d" not in key and key["use"] in {"sig", "enc"} and key["kid"] for key in keys)
    assert userinfo(site, "x").status_code == 401
