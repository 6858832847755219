"""Which passwords may be chosen, and which would be tried first."""

import hashlib
import secrets
from pathlib import Path

import pytest

from identity.errors import BadPasswordList, BadRegistration
from identity.sign_in.choosing import check_choice
from identity.sign_in.guessable import is_guessable
from identity.sign_in.hashing import FEWEST_CHARACTERS, MOST_CHARACTERS, hash_password, matches
from identity.sign_in.leaked import open_list
from tests.identity.world import World


def nothing(_password: str) -> bool:
    return False


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "P@ssw0rd2026!!",
        "passwordpassword",
        "qwertyuiop123",
        "1qaz2wsx3edc",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "123456789012",
        "2026-11-24-2026",
        "haihe2026haihe",
        "海河海河密码20261124",
        "ZhangQiang1990!",
        "zhangqiang-password",
        "zyxwvutsrqponm",
        "iloveyou!!!!!!",
        "admin@tianjin2026",
        "woaini5201314",
    ],
)
@pytest.mark.line(36)
def test_line_36_what_would_be_tried_first_is_refused(password: str) -> None:
    assert is_guessable(password, "zhangqiang")
    with pytest.raises(BadRegistration):
        check_choice(password, "zhangqiang", nothing)


@pytest.mark.parametrize(
    "password",
    [
        "a long password of a test",
        "correct horse battery staple",
        "三更灯火五更鸡 正是男儿读书时",
        "kx7!pwq2-tn4vb",
        "my passphrase has china in it",
        "Xq9-Lm2-Rt7-Bv4",
    ],
)
@pytest.mark.line(36)
def test_line_36_what_nobody_would_try_first_is_fine(password: str) -> None:
    check_choice(password, "zhangqiang", nothing)


@pytest.mark.parametrize(
    ("length", "fine"),
    [
        (FEWEST_CHARACTERS - 1, False),
        (FEWEST_CHARACTERS, True),
        (64, True),
        (MOST_CHARACTERS, True),
        (MOST_CHARACTERS + 1, False),
    ],
)
@pytest.mark.line(36)
def test_line_36_length_counts_and_no_mixture_is_asked_for(length: int, fine: bool) -> None:
    password = ("tuolvmendkgsrhzqwexbyicpfja" * 20)[:length]
    if fine:
        check_choice(password, "person", nothing)
        assert matches(hash_password(password), password)
        assert not matches(hash_password(password), password[:-1] + "!")
    else:
        with pytest.raises(BadRegistration):
            check_choice(password, "person", nothing)


def digests(*passwords: str) -> bytes:
    found = sorted(hashlib.sha1(each.encode()).hexdigest().upper() for each in passwords)
    return "".join(f"{each}:{count}\r\n" for count, each in enumerate(found)).encode()


@pytest.mark.parametrize("size", [1, 2, 3, 500])
@pytest.mark.line(36)
def test_line_36_a_list_of_digests_is_searched_where_it_lies(tmp_path: Path, size: int) -> None:
    leaked = [f"leaked password {number}" for number in range(size)]
    (tmp_path / "list").write_bytes(digests(*leaked))
    is_leaked = open_list(tmp_path / "list")
    assert all(map(is_leaked, leaked))
    assert not any(is_leaked(secrets.token_hex(8)) for _ in range(100))


@pytest.mark.line(36)
def test_line_36_a_list_of_words_knows_them_in_any_spelling(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("correct horse battery\n密码很长很长很长很长\n", "utf-8")
    is_leaked = open_list(tmp_path / "list")
    assert is_leaked("CORRECT Horse battery")
    assert is_leaked("密码很长很长很长很长")
    assert not is_leaked("correct horse")
    assert not is_leaked("")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\n",
        b"".join(reversed(digests("a", "b", "c").splitlines(keepends=True))),
        b"F" * 40 + b"\n" + b"A" * 40 + b"\n",
    ],
)
def test_a_list_that_would_find_nothing_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "list").write_bytes(content)
    with pytest.raises(BadPasswordList):
        open_list(tmp_path / "list")


@pytest.mark.line(36)
def test_line_36_a_leaked_password_is_refused_to_everybody(tmp_path: Path, world: World) -> None:
    (tmp_path / "list").write_bytes(digests("correct horse battery staple"))
    with pytest.raises(BadRegistration):
        check_choice("correct horse battery staple", "person", open_list(tmp_path / "list"))
    assert world.realm.is_leaked("correct horse battery staple") is False
