"""A small city for the tests: two departments, a company, a citizen, a database, a list of records.

The list of records stands where the ledger stands: it is what `append` and `find_issue` are for.
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from sqlalchemy import Connection

from certificates.catalogue import find_type
from certificates.issuing import Issued, IssueTools, issue
from certificates.licences import Authority
from certificates.presenting import Shown, show
from certificates.recording import Actor, Use
from certificates.requests import Holder, IssueRequest
from certificates.signing import Signer, open_department, open_root
from certificates.store import CertificateStore
from certificates.verifying import Verdict, VerifyRequest, VerifyTools, verify

NOW = 1_790_000_000
ADDRESS = "https://haihe.example"
MARKET, CIVIL = "11120101000002014A", "11120101000002065J"
COMPANY, CITIZEN = "91120101MA00030139", "11010519491231002X"
NAMES = {MARKET: "和平区市场监督管理局", CIVIL: "和平区民政局"}
HOLDERS = {
    (COMPANY, "演示·海河餐饮有限公司"): Holder("company", "演示·海河餐饮有限公司", COMPANY),
    (CITIZEN, "王芳"): Holder("wang", "王芳", CITIZEN),
}
REPORT = {
    "number": "XY-1",
    "name": "演示·海河餐饮有限公司",
    "uscc": COMPANY,
    "period_from": "2024-02-29",
    "period_to": "2026-01-31",
    "violations": "无",
}
SEEN = tuple(REPORT)
MATTER = "listing-check"
REQUEST = IssueRequest("credit-report", COMPANY, "演示·海河餐饮有限公司", REPORT)
ALL_POWERS = frozenset({"licences", "show", "issue", "verify"})


def actor(party: str, *, code: str = "", powers: frozenset[str] = ALL_POWERS) -> Actor:
    return Actor(f"{party}-agent", "经办人", party, party, code, bool(code), powers, None)


COMPANY_ACTOR = actor("company", code=COMPANY)
CLERK = actor("clerks")
OFFICER = replace(actor("market", code=MARKET), party_name=NAMES[MARKET])


@cache
def keys() -> tuple[Signer, Path]:
    folder = Path(tempfile.mkdtemp(prefix="haihe-keys-"))
    return open_root(folder, "天津市", NOW), folder


@cache
def department(code: str) -> Signer:
    root, folder = keys()
    return open_department(root, folder, code, NAMES[code], NOW)


@dataclass
class City:
    """Everything a use case needs, over one connection."""

    connection: Connection
    records: dict[str, Use] = field(default_factory=dict)

    @property
    def store(self) -> CertificateStore:
        return CertificateStore(self.connection)

    def append(self, use: Use) -> str:
        record = f"record-{len(self.records)}"
        self.records[record] = use
        return record

    def find_issue(self, record: str) -> Mapping[str, str] | None:
        use = self.records.get(record)
        return use.fields if use and use.kind == "issue" else None

    def kinds(self) -> list[str]:
        return [use.kind for use in self.records.values()]

    @property
    def issue_tools(self) -> IssueTools:
        def find_holder(code: str, name: str) -> Holder | None:
            return HOLDERS.get((code, name))

        def find_signer(code: str, _name: str) -> Signer:
            return department(code)

        return IssueTools(find_holder, find_signer, self.append, os.urandom, ADDRESS)

    def empower(self, since: int = 0, until: int | None = None, slug: str = REQUEST.type) -> None:
        self.store.grant_authority(find_type(slug).code, "market", Authority(since, until))

    def issue(
        self, request: IssueRequest = REQUEST, now: int = NOW, key: str | None = None
    ) -> Issued:
        return issue(self.store, request, OFFICER, self.issue_tools, now, key)

    def show(self, identifier: str, matter: str | None = None, now: int = NOW) -> Shown:
        return show(self.store, identifier, COMPANY_ACTOR, matter, self.append, now, os.urandom)

    def verify(self, now: int = NOW, matter: str = MATTER, **what: str) -> Verdict:
        tools = VerifyTools(self.append, self.find_issue, keys()[0].der)
        return verify(self.store, VerifyRequest(matter, "上市核查", **what), CLERK, tools, now)


def failures(verdict: Verdict) -> dict[str, str | None]:
    return {each.code: each.reason for each in verdict.checks if each.result == "failed"}
