"""Scopes: what an app may ask for, in words that people read before they allow it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from identity.mandates import AUDIT, ISSUE, LICENCES, RECORDS, SHOW, USES, VERIFY

OPENID = "openid"
PROFILE = "profile"
EMAIL, PHONE, ADDRESS = "email", "phone", "address"
LEGAL_PERSON = "legal_person"
OFFLINE = "offline_access"


def _(text: str) -> str:
    """Mark a text for the catalogue; it is translated where it is shown."""
    return text


@dataclass(frozen=True)
class Scope:
    """One thing an app may ask for.

    Attributes:
        name: in the protocol.
        text: in plain words, a text with a translation.
        powers: what it lets the app do at our interfaces, if the mandate allows it too.
    """

    name: str
    text: str
    powers: frozenset[str] = frozenset()


ALL = (
    Scope(OPENID, _("确认您已登录，并得到一个只给这个应用的编号")),
    Scope(PROFILE, _("您的姓名")),
    Scope(EMAIL, _("您的电子邮箱（如果登记过）")),
    Scope(PHONE, _("您的电话号码（如果登记过）")),
    Scope(ADDRESS, _("您的通信地址（如果登记过）")),
    Scope(LEGAL_PERSON, _("您代表的单位的名称、统一社会信用代码和您的权限")),
    Scope(OFFLINE, _("在您离开以后继续使用以上权限，最长三十天")),
    Scope("licence.read", _("查看您或您代表的单位的电子证照"), frozenset({LICENCES})),
    Scope("licence.show", _("出示您或您代表的单位的电子证照"), frozenset({SHOW})),
    Scope("licence.issue", _("以您代表的单位的名义签发电子证照"), frozenset({ISSUE})),
    Scope("licence.verify", _("以您代表的单位的名义核验电子证照"), frozenset({VERIFY})),
    Scope("ledger.read", _("查看用证记录和存证"), frozenset({RECORDS, USES, AUDIT})),
)
SCOPES: Mapping[str, Scope] = {scope.name: scope for scope in ALL}


def split(text: str) -> frozenset[str]:
    """Read a list of scopes from a request; unknown ones are left out (RFC 6749 §3.3)."""
    return frozenset(text.split()) & SCOPES.keys()


def join(names: Iterable[str]) -> str:
    """Write a list of scopes, always in the same order."""
    wanted = set(names)
    return " ".join(name for name in SCOPES if name in wanted)


def powers_of(names: Iterable[str]) -> frozenset[str]:
    """Return all that these scopes could allow."""
    return frozenset().union(*(SCOPES[name].powers for name in names))
