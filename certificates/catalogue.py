"""The catalogue of licence types (GB/T 36902-2018): what a licence of each type says.

A type is data. To add one, add an entry to `CATALOGUE`: pages, API and checks follow.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal

from certificates.errors import FieldsRefused, IdentifierMalformed, Sentence, UnknownType
from certificates.identifiers import check_citizen_number, check_uscc

Holder = Literal["person", "legal-person"]
Kind = Literal["text", "date", "number", "citizen-number", "uscc", "choice"]
LONGEST = 500
CITY_DEFINES = "11120101000002014A"


@dataclass(frozen=True)
class Field:
    """One field of a licence type.

    Attributes:
        name: key in the API and in the credential.
        kind: how its value is checked; values are text in every case.
        personal: it says something about a natural person, and is masked until asked for.
        choices: the values allowed, for kind `choice`.
    """

    name: str
    zh: str
    en: str
    kind: Kind = "text"
    personal: bool = False
    required: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class LicenceType:
    """One type of licence.

    Attributes:
        slug: name in the API.
        code: 21 characters, the code of the defining authority and three digits.
        holder: who can hold one.
        days_valid: days from issue to end unless told otherwise; None: no end.
        fields: in the order in which the licence shows them.
    """

    slug: str
    code: str
    zh: str
    en: str
    holder: Holder
    days_valid: int | None
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field:
        """Find a field by name (KeyError if the type has none)."""
        return {each.name: each for each in self.fields}[name]


_NAME = Field("name", "名称", "Name")
_USCC = Field("uscc", "统一社会信用代码", "Unified social credit code", "uscc")
_REPRESENTATIVE = Field("legal_representative", "法定代表人", "Legal representative", personal=True)
_NUMBER = Field("number", "证照编号", "Number")
_ADDRESS = Field("address", "住所", "Address")
_SEX = Field("sex", "性别", "Sex", "choice", personal=True, choices=("男", "女"))


def _person(name: str, zh: str, en: str, kind: Kind = "text", *, required: bool = True) -> Field:
    return Field(name, zh, en, kind, personal=True, required=required)


_TYPES = (
    LicenceType(
        "business-licence",
        CITY_DEFINES + "001",
        "营业执照",
        "Business licence",
        "legal-person",
        None,
        (
            _NAME,
            _USCC,
            Field("kind", "类型", "Kind"),
            _REPRESENTATIVE,
            Field("capital", "注册资本（万元）", "Registered capital (10,000 yuan)", "number"),
            Field("established", "成立日期", "Established on", "date"),
            _ADDRESS,
            Field("scope", "经营范围", "Scope of business"),
        ),
    ),
    LicenceType(
        "food-business-licence",
        CITY_DEFINES + "002",
        "食品经营许可证",
        "Food business licence",
        "legal-person",
        5 * 365,
        (
            _NUMBER,
            _NAME,
            _USCC,
            _REPRESENTATIVE,
            _ADDRESS,
            Field(
                "form",
                "主体业态",
                "Form of business",
                "choice",
                choices=("餐饮服务经营者", "食品销售经营者", "单位食堂"),
            ),
            Field("items", "经营项目", "Items of business"),
        ),
    ),
    LicenceType(
        "birth-certificate",
        "111201010000020225001",
        "出生医学证明",
        "Medical certificate of birth",
        "person",
        None,
        (
            Field("number", "出生证编号", "Certificate number", personal=True),
            _person("child_name", "新生儿姓名", "Name of the child"),
            _SEX,
            _person("born_on", "出生日期", "Date of birth", "date"),
            _person("weight", "出生体重（克）", "Weight at birth (g)", "number", required=False),
            _person("place", "出生地点", "Place of birth"),
            _person("mother_name", "母亲姓名", "Name of the mother"),
            _person("mother_number", "母亲身份证号", "Mother's citizen number", "citizen-number"),
            _person("father_name", "父亲姓名", "Name of the father", required=False),
            _person(
                "father_number",
                "父亲身份证号",
                "Father's citizen number",
                "citizen-number",
                required=False,
            ),
        ),
    ),
    LicenceType(
        "marriage-certificate",
        "11120101000002065J001",
        "结婚证",
        "Marriage certificate",
        "person",
        None,
        (
            Field("number", "结婚证字号", "Certificate number", personal=True),
            _person("holder_name", "持证人", "Holder"),
            _person("spouse_name", "配偶姓名", "Name of the spouse"),
            _person("registered_on", "登记日期", "Registered on", "date"),
        ),
    ),
    LicenceType(
        "credit-report",
        "111201010000020300001",
        "公共信用信息报告",
        "Public credit report",
        "legal-person",
        90,
        (
            Field("number", "报告编号", "Report number"),
            _NAME,
            _USCC,
            Field("period_from", "核查起始日", "Period from", "date"),
            Field("period_to", "核查截止日", "Period to", "date"),
            Field(
                "violations",
                "违法违规记录",
                "Violations on record",
                "choice",
                choices=("无", "有"),
            ),
            Field("remarks", "说明", "Remarks", required=False),
        ),
    ),
    LicenceType(
        "credit-repair-decision",
        "111201010000020300002",
        "信用修复决定书",
        "Credit repair decision",
        "legal-person",
        None,
        (
            Field("number", "决定书编号", "Decision number"),
            _NAME,
            _USCC,
            Field("repaired_on", "修复日期", "Repaired on", "date"),
        ),
    ),
)
CATALOGUE: Mapping[str, LicenceType] = MappingProxyType({each.slug: each for each in _TYPES})


def find_type(slug: str) -> LicenceType:
    """Find a licence type by its slug.

    Raises:
        UnknownType: the catalogue has none of that name.
    """
    if slug not in CATALOGUE:
        raise UnknownType("no such licence type; GET /api/catalogue lists them")
    return CATALOGUE[slug]


def check_fields(kind: LicenceType, values: Mapping[str, str]) -> dict[str, str]:
    """Check all values of a licence at once, and give them cleaned, in the type's order.

    Values are trimmed and put into Unicode normal form C; empty optional fields are left out.

    Raises:
        FieldsRefused: with every reason, by field name.
    """
    known = {field.name for field in kind.fields}
    refused = {name: _UNKNOWN for name in values if name not in known}
    clean: dict[str, str] = {}
    for field in kind.fields:
        value = unicodedata.normalize("NFC", values.get(field.name, "").strip())
        if reason := _refusal(field, value):
            refused[field.name] = reason
        elif value:
            clean[field.name] = value
    if refused:
        raise FieldsRefused(refused)
    return clean


_UNKNOWN = Sentence("这种证照没有这个字段", "this type of licence has no such field")
_EMPTY = Sentence("请填写", "is required")
_LONG = Sentence(f"最多 {LONGEST} 个字", f"has at most {LONGEST} characters")
_CONTROL = Sentence("含有不可见字符", "contains invisible characters")


def _refusal(field: Field, value: str) -> Sentence | None:
    if not value:
        return _EMPTY if field.required else None
    if len(value) > LONGEST:
        return _LONG
    if any(map(_is_invisible, value)):
        return _CONTROL
    return _KINDS[field.kind](field, value)


def _is_invisible(character: str) -> bool:
    """Tell whether nobody could see it, or it turns what stands beside it around.

    Rare Chinese characters may be newer than our tables: their planes are always welcome.
    """
    ideograph = 0x20000 <= ord(character) < 0x40000  # planes 2 and 3
    return not ideograph and unicodedata.category(character) in _INVISIBLE


_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _text(_field: Field, _value: str) -> Sentence | None:
    return None


def _date(_field: Field, value: str) -> Sentence | None:
    try:
        if date.fromisoformat(value).isoformat() == value:
            return None
    except ValueError:
        pass
    return Sentence("请写成 2026-01-31 这样的日期", "is a date such as 2026-01-31")


def _decimal(_field: Field, value: str) -> Sentence | None:
    if re.fullmatch(r"(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?", value, re.ASCII):
        return None
    return Sentence("请写成 100 或 99.5 这样的数字", "is a number such as 100 or 99.5")


def _checked(check: Callable[[str], None], zh: str, en: str) -> "Check":
    def refusal(_field: Field, value: str) -> Sentence | None:
        try:
            check(value)
        except IdentifierMalformed:
            return Sentence(zh, en)
        return None

    return refusal


def _choice(field: Field, value: str) -> Sentence | None:
    if value in field.choices:
        return None
    choices = "、".join(field.choices)
    return Sentence(f"请从中选择：{choices}", f"is one of {choices}")


Check = Callable[[Field, str], Sentence | None]
_KINDS: Mapping[Kind, Check] = {
    "text": _text,
    "date": _date,
    "number": _decimal,
    "citizen-number": _checked(
        check_citizen_number, "身份证号不对，请核对每一位", "is not a citizen number"
    ),
    "uscc": _checked(
        check_uscc, "统一社会信用代码不对，请核对每一位", "is not a unified social credit code"
    ),
    "choice": _choice,
}
