"""Matters (事项) for which a licence may be asked, and what each has ground to see.

The thirteen of the first national list of "one thing handled well" (高效办成一件事). A matter
lists the licence types it may ask for and, of each, the fields it needs: nothing else is answered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from certificates.errors import NoGround, UnknownMatter

Grounds = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Matter:
    """One matter.

    Attributes:
        code: name in the API.
        grounds: the fields it may see, by slug of the licence type.
    """

    code: str
    zh: str
    en: str
    grounds: Grounds


_COMPANY = ("name", "uscc", "legal_representative")
_COMPANY_FULL = (*_COMPANY, "kind", "capital", "established", "address", "scope")
_FOOD = ("number", "name", "uscc", "form", "items")
_CREDIT = ("number", "name", "uscc", "period_from", "period_to", "violations", "remarks")
_REPAIR = ("number", "name", "uscc", "repaired_on")
_CHILD = ("number", "child_name", "sex", "born_on")
_PARENTS = (*_CHILD, "place", "mother_name", "mother_number", "father_name", "father_number")
_COUPLE = ("number", "holder_name", "spouse_name", "registered_on")

_MATTERS = (
    Matter(
        "company-change",
        "企业信息变更",
        "Change of company data",
        {"business-licence": _COMPANY_FULL, "food-business-licence": _FOOD},
    ),
    Matter(
        "open-transport-company",
        "开办运输企业",
        "Open a transport company",
        {"business-licence": (*_COMPANY, "scope")},
    ),
    Matter(
        "open-restaurant",
        "开办餐饮店",
        "Open a restaurant",
        {"business-licence": (*_COMPANY, "address", "scope"), "food-business-licence": _FOOD},
    ),
    Matter(
        "utility-connection",
        "水电气热网联合报装",
        "Joint utility connection",
        {"business-licence": (*_COMPANY, "address")},
    ),
    Matter(
        "credit-repair",
        "信用修复",
        "Credit repair",
        {"business-licence": _COMPANY, "credit-report": _CREDIT, "credit-repair-decision": _REPAIR},
    ),
    Matter(
        "listing-check",
        "企业上市合法合规信息核查",
        "Legality check before listing",
        {"business-licence": _COMPANY_FULL, "credit-report": _CREDIT},
    ),
    Matter(
        "insolvency-check",
        "企业破产信息核查",
        "Insolvency data check",
        {"business-licence": _COMPANY_FULL, "credit-report": _CREDIT},
    ),
    Matter(
        "deregistration",
        "企业注销登记",
        "Deregistration of a company",
        {"business-licence": _COMPANY_FULL, "credit-report": _CREDIT},
    ),
    Matter(
        "birth",
        "新生儿出生",
        "Birth of a child",
        {"birth-certificate": _PARENTS, "marriage-certificate": _COUPLE},
    ),
    Matter("school-enrolment", "教育入学", "School enrolment", {"birth-certificate": _CHILD}),
    Matter(
        "social-security-card",
        "社会保障卡居民服务",
        "Social security card services",
        {"birth-certificate": _CHILD},
    ),
    Matter("disability-services", "残疾人服务", "Services for disabled people", {}),
    Matter("retirement", "退休", "Retirement", {"marriage-certificate": _COUPLE}),
)
MATTERS: Mapping[str, Matter] = MappingProxyType({each.code: each for each in _MATTERS})


def find_matter(code: str) -> Matter:
    """Find a matter by its code.

    Raises:
        UnknownMatter: the list has none of that code.
    """
    if code not in MATTERS:
        raise UnknownMatter("no such matter; GET /api/matters lists them")
    return MATTERS[code]


def fields_for(matter: Matter, slug: str) -> tuple[str, ...]:
    """Tell which fields of a licence type the matter may see.

    Raises:
        NoGround: the matter may not ask for licences of this type at all.
    """
    if slug not in matter.grounds:
        raise NoGround(f"the matter {matter.code!r} has no ground to ask for a {slug}")
    return matter.grounds[slug]
