"""Demo data: invented people and departments, so that a first start shows the whole job.

Every name says 演示 (demo); citizen numbers carry area 120101 and birth years before 1930 or
after 2020, with valid check digits. Demo accounts and clients are marked in the database, and a
start without demo data refuses them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PASSWORD = "haihe-demo-2026"  # noqa: S105  # printed at every start with demo data
WEB_CLIENT = "demo-web"
WEB_SECRET = "demo-web-secret-not-for-production"  # noqa: S105
WEB_REDIRECT = "http://127.0.0.1:4999/cb"
WEB_LOGOUT = "http://127.0.0.1:4999/"
WEB_SCOPES = (
    "openid profile legal_person mandate offline_access "
    "licence.read licence.show licence.issue licence.verify ledger.read"
)
SERVICE_CLIENT = "demo-service"
SERVICE_SECRET = "demo-service-secret-not-for-production"  # noqa: S105
SERVICE_SCOPES = "licence.issue licence.verify ledger.read"
TERMINAL_CLIENT = "demo-terminal"  # public: it shows a code, and polls
WINDOW_CLIENT = "demo-window"  # asks a citizen, who answers on their phone
WINDOW_SECRET = "demo-window-secret-not-for-production"  # noqa: S105
ELSEWHERE_SCOPES = "openid profile legal_person licence.read"

MARKET = "演示·市场监督管理局"
HEALTH = "演示·卫生健康委员会"
REFORM = "演示·发展和改革委员会"
CENTRE = "演示·政务服务中心"
AUDIT = "演示·审计局"
COMPANY = "演示·海河餐饮有限公司"
COMPANY_CODE = "91120101MA00030139"


@dataclass(frozen=True)
class DemoPerson:
    """An account of the demo data."""

    account: str
    name: str
    citizen_number: str
    role: str
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DemoMandate:
    """Who may do what for whom."""

    account: str
    legal_person: str
    role: str
    powers: tuple[str, ...]


COMPLETE: Mapping[str, Any] = {  # everything that an app could ask about a person
    "given_name": "测试员",
    "family_name": "演示",
    "middle_name": "·",
    "nickname": "小测",
    "preferred_username": "tester",
    "profile": "https://demo.example/tester",
    "picture": "https://demo.example/tester.png",
    "website": "https://demo.example/",
    "gender": "female",
    "birthdate": "1929-01-01",
    "zoneinfo": "Asia/Shanghai",
    "locale": "zh-CN",
    "email": "tester@demo.example",
    "email_verified": True,
    "phone_number": "+8622000000000",
    "phone_number_verified": True,
    "address": {
        "formatted": "演示市和平区海河东路 2 号",
        "street_address": "海河东路 2 号",
        "locality": "演示市",
        "region": "和平区",
        "postal_code": "300000",
        "country": "CN",
    },
}
PEOPLE = (
    DemoPerson(
        "person",
        "演示·李明",
        "120101192504120013",
        "person",
        {
            "gender": "male",
            "birthdate": "1925-04-12",
            "email": "liming@demo.example",
            "email_verified": True,
            "address": {"formatted": "演示市和平区海河东路 3 号", "locality": "演示市"},
        },
    ),
    DemoPerson("owner", "演示·王芳", "120101192603070023", "legal representative"),
    DemoPerson("agent", "演示·张强", "120101192711230039", "company's agent"),
    DemoPerson("issuer", "演示·赵静", "120101192805180044", "issuer clerk"),
    DemoPerson("clerk", "演示·孙丽", "12010119290909006X", "window clerk"),
    DemoPerson("auditor", "演示·周正", "120101192401010057", "auditor"),
    DemoPerson("tester", "演示·测试员", "12010119290101007X", "for conformance tests", COMPLETE),
)
LEGAL_PERSONS: Mapping[str, str] = {
    MARKET: "11120101000002014A",
    HEALTH: "111201010000020225",
    REFORM: "111201010000020300",
    CENTRE: "11120101000002049W",
    AUDIT: "11120101000002057P",
    COMPANY: COMPANY_CODE,
}
MANDATES = (
    DemoMandate("owner", COMPANY, "legal_representative", ("licences", "mandates", "apps")),
    DemoMandate("agent", COMPANY, "agent", ("licences",)),
    DemoMandate("issuer", MARKET, "clerk", ("issue",)),
    DemoMandate("issuer", HEALTH, "clerk", ("issue",)),
    DemoMandate("issuer", REFORM, "clerk", ("issue",)),
    DemoMandate("clerk", CENTRE, "clerk", ("verify",)),
    DemoMandate("auditor", AUDIT, "auditor", ("audit",)),
)

TOUR_TYPE = "food-business-licence"
TOUR_MATTER = "open-restaurant"
WRONG_MATTER = "school-enrolment"
TOUR_FIELDS: Mapping[str, str] = {
    "number": "JY21201010000301",
    "name": COMPANY,
    "uscc": COMPANY_CODE,
    "legal_representative": "演示·王芳",
    "address": "演示市和平区海河东路 1 号",
    "form": "餐饮服务经营者",
    "items": "热食类食品制售",
}


@dataclass(frozen=True)
class DemoLicence:
    """A licence that is there from the first start."""

    issuer: str
    type: str
    holder_code: str
    holder: str
    fields: Mapping[str, str]


LICENCES = (
    DemoLicence(
        MARKET,
        "business-licence",
        COMPANY_CODE,
        COMPANY,
        {
            "name": COMPANY,
            "uscc": COMPANY_CODE,
            "kind": "有限责任公司",
            "legal_representative": "演示·王芳",
            "capital": "100",
            "established": "2024-05-20",
            "address": "演示市和平区海河东路 1 号",
            "scope": "餐饮服务；食品销售",
        },
    ),
    DemoLicence(MARKET, TOUR_TYPE, COMPANY_CODE, COMPANY, TOUR_FIELDS),
    DemoLicence(
        REFORM,
        "credit-report",
        COMPANY_CODE,
        COMPANY,
        {
            "number": "XYBG-2026-000301",
            "name": COMPANY,
            "uscc": COMPANY_CODE,
            "period_from": "2023-11-01",
            "period_to": "2026-10-31",
            "violations": "无",
        },
    ),
    DemoLicence(
        HEALTH,
        "birth-certificate",
        "120101192504120013",
        "演示·李明",
        {
            "number": "Y120101001",
            "child_name": "演示·李明",
            "sex": "男",
            "born_on": "1925-04-12",
            "weight": "3300",
            "place": "演示市和平区",
            "mother_name": "演示·王芳",
            "mother_number": "120101192603070023",
        },
    ),
)
