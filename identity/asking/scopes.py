"""Scopes: what an app may ask for, in words that people read before they allow it."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from identity.people.mandates import AUDIT, ISSUE, LICENCES, RECORDS, SHOW, USES, VERIFY

OPENID = "openid"
PROFILE = "profile"
EMAIL, PHONE, ADDRESS = "email", "phone", "address"
LEGAL_PERSON = "legal_person"
OFFLINE = "offline_access"
MANDATE = "mandate"  # with a colon and a matter's code: the mandate for that matter
_FOR_A_MATTER = re.compile(MANDATE + ":[a-z0-9-]{1,64}")


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
    Scope(PROFILE, _("您的姓名，以及登记过的性别、出生日期等基本资料")),
    Scope(EMAIL, _("您的电子邮箱（如果登记过）")),
    Scope(PHONE, _("您的电话号码（如果登记过）")),
    Scope(ADDRESS, _("您的通信地址（如果登记过）")),
    Scope(LEGAL_PERSON, _("您代表的单位的名称、统一社会信用代码和您的权限")),
    Scope(MANDATE, _("您代表单位办事的授权")),
    Scope(OFFLINE, _("在您离开以后继续使用以上权限，最长三十天")),
    Scope("licence.read", _("查看您或您代表的单位的电子证照"), frozenset({LICENCES})),
    Scope("licence.show", _("出示您或您代表的单位的电子证照"), frozenset({SHOW})),
    Scope("licence.issue", _("以您代表的单位的名义签发电子证照"), frozenset({ISSUE})),
    Scope("licence.verify", _("以您代表的单位的名义核验电子证照"), frozenset({VERIFY})),
    Scope("ledger.read", _("查看用证记录和存证"), frozenset({RECORDS, USES, AUDIT})),
)
SCOPES: Mapping[str, Scope] = {scope.name: scope for scope in ALL}


@dataclass(frozen=True)
class Claim:
    """One thing known about a person (OpenID Connect Core §5.1), and the scope that holds it.

    Attributes:
        name: in the protocol.
        scope: that gives it among others.
        text: in plain words, for a request that wants it alone (§5.5).
    """

    name: str
    scope: str
    text: str

    @property
    def alone(self) -> Scope:
        """What is consented to when it is wanted alone; no app can ask for it as a scope."""
        return Scope(f"claim.{self.name}", self.text)


NAME, UPDATED_AT = "name", "updated_at"
CLAIMS: Mapping[str, Claim] = {
    claim.name: claim
    for claim in (
        Claim(NAME, PROFILE, _("您的姓名")),
        Claim("given_name", PROFILE, _("您的名")),
        Claim("family_name", PROFILE, _("您的姓")),
        Claim("middle_name", PROFILE, _("您的中间名（如果登记过）")),
        Claim("nickname", PROFILE, _("您的昵称（如果登记过）")),
        Claim("preferred_username", PROFILE, _("您喜欢的称呼（如果登记过）")),
        Claim("profile", PROFILE, _("您的个人页面的地址（如果登记过）")),
        Claim("picture", PROFILE, _("您的照片的地址（如果登记过）")),
        Claim("website", PROFILE, _("您的网站（如果登记过）")),
        Claim("gender", PROFILE, _("您的性别（如果登记过）")),
        Claim("birthdate", PROFILE, _("您的出生日期（如果登记过）")),
        Claim("zoneinfo", PROFILE, _("您所在的时区（如果登记过）")),
        Claim("locale", PROFILE, _("您使用的语言（如果登记过）")),
        Claim(UPDATED_AT, PROFILE, _("您的资料更新的时间")),
        Claim("email", EMAIL, _("您的电子邮箱（如果登记过）")),
        Claim("email_verified", EMAIL, _("您的电子邮箱是否核实过")),
        Claim("phone_number", PHONE, _("您的电话号码（如果登记过）")),
        Claim("phone_number_verified", PHONE, _("您的电话号码是否核实过")),
        Claim("address", ADDRESS, _("您的通信地址（如果登记过）")),
    )
}
_ALONE = {claim.alone.name: claim.alone for claim in CLAIMS.values()}
CONSENTED: Mapping[str, Scope] = {**SCOPES, **_ALONE}  # all that a person can be asked for


def claims_of(names: Collection[str]) -> frozenset[str]:
    """Return the claims about a person that these scopes give."""
    return frozenset(
        claim.name for claim in CLAIMS.values() if claim.scope in names or claim.alone.name in names
    )


def alone(wanted: Iterable[str], given: Collection[str], most: Collection[str]) -> frozenset[str]:
    """Return what lets an app have claims that it wants singly.

    Args:
        wanted: names of claims; those we do not know are passed over.
        given: scopes that the request asks for anyway.
        most: the most the app may ask for.
    """
    claims = [CLAIMS[name] for name in wanted if name in CLAIMS]
    return frozenset(
        claim.alone.name for claim in claims if claim.scope in most and claim.scope not in given
    )


def is_agreed(asked: Iterable[str], given: Collection[str]) -> bool:
    """Tell whether all that is asked was given before; a scope covers each claim of it."""
    covered = {claim.alone.name for claim in CLAIMS.values() if claim.scope in given}
    return set(asked) <= covered | set(given)


def split(text: str) -> frozenset[str]:
    """Read a list of scopes from a request; unknown ones are left out (RFC 6749 §3.3)."""
    return frozenset(
        name for name in text.split() if name in CONSENTED or _FOR_A_MATTER.fullmatch(name)
    )


def join(names: Iterable[str]) -> str:
    """Write a list of scopes, always in the same order."""
    wanted = set(names)
    for_matters = sorted(wanted - CONSENTED.keys())
    return " ".join([*(name for name in CONSENTED if name in wanted), *for_matters])


def powers_of(names: Iterable[str]) -> frozenset[str]:
    """Return all that these scopes could allow."""
    return frozenset().union(*(CONSENTED[name].powers for name in names if name in CONSENTED))


def permitted(asked: Iterable[str], registered: Collection[str]) -> frozenset[str]:
    """Return what of `asked` an app is registered for; `mandate` stands for every matter."""
    return frozenset(name for name in asked if name.partition(":")[0] in registered)


def matters_of(names: Iterable[str]) -> frozenset[str]:
    """Return the matters for which these scopes need a mandate; "" where any mandate will do."""
    found = (name.partition(":") for name in names)
    return frozenset(matter for family, _colon, matter in found if family == MANDATE)


def is_for_others(names: Collection[str]) -> bool:
    """Tell whether an app that asks for these knows that people act for legal persons.

    All others get a plain person.
    """
    return LEGAL_PERSON in names or bool(matters_of(names)) or bool(powers_of(names))
