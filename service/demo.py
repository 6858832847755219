"""Demo data: invented people and departments, so that a first start shows the whole job.

Every name says 演示 (demo); citizen numbers carry area 120101 and birth years before 1930 or
after 2020, with valid check digits. Demo accounts and clients are marked in the database, and a
start without demo data refuses them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

PASSWORD = "haihe-demo-2026"  # noqa: S105  # printed at every start with demo data
WEB_CLIENT = "demo-web"
WEB_SECRET = "demo-web-secret-not-for-production"  # noqa: S105
WEB_REDIRECT = "http://127.0.0.1:4999/cb"
SERVICE_CLIENT = "demo-service"
SERVICE_SECRET = "demo-service-secret-not-for-production"  # noqa: S105

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


@dataclass(frozen=True)
class DemoMandate:
    """Who may do what for whom."""

    account: str
    legal_person: str
    role: str
    powers: tuple[str, ...]


PEOPLE = (
    DemoPerson("person", "演示·李明", "120101192504120013", "person"),
    DemoPerson("owner", "演示·王芳", "120101192603070023", "legal representative"),
    DemoPerson("agent", "演示·张强", "120101192711230039", "company's agent"),
    DemoPerson("issuer", "演示·赵静", "120101192805180044", "issuer clerk"),
    DemoPerson("clerk", "演示·孙丽", "12010119290909006X", "window clerk"),
    DemoPerson("auditor", "演示·周正", "120101192401010057", "auditor"),
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
