"""Puts the demo data into an empty service: one transaction, all of it or nothing."""

from sqlalchemy import Connection

from certificates.catalogue import CATALOGUE, find_type
from certificates.desk import Desk
from certificates.issuing import IssueTools, issue
from certificates.licences import Authority
from certificates.recording import Actor
from certificates.requests import IssueRequest
from certificates.store import CertificateStore
from identity.apps.options import Options
from identity.asking.decoupled import CIBA_GRANT, DEVICE_GRANT
from identity.operating import registry
from identity.operating.registry import NewClient
from identity.people.subjects import LegalPerson
from identity.realm import Work
from identity.store import IdentityStore
from service import demo
from service.opened import Opened
from service.recording import holder_finder, recorder

ISSUED_BY = {
    "business-licence": demo.MARKET,
    "food-business-licence": demo.MARKET,
    "birth-certificate": demo.HEALTH,
    "credit-report": demo.REFORM,
    "credit-repair-decision": demo.REFORM,
}


def seed(opened: Opened, desk: Desk) -> bool:
    """Add the demo data, unless it is there; tells whether it was added."""
    with opened.database.writing() as connection:
        store = IdentityStore(connection)
        if store.people.find_account(demo.PEOPLE[0].account) is not None:
            return False
        work = opened.realm.work(store)
        bodies = _add_people(work)
        _add_clients(work)
        _grant(CertificateStore(connection), bodies, work.now)
        _issue(opened, desk, connection, bodies)
    return True


def _add_people(work: Work) -> dict[str, LegalPerson]:
    for person in demo.PEOPLE:
        registry.add_person(
            work,
            account=person.account,
            name=person.name,
            citizen_number=person.citizen_number,
            password=demo.PASSWORD,
            demo=True,
        )
        registry.describe_person(work, account=person.account, about=person.about)
    bodies = {
        name: registry.add_legal_person(work, code=code, name=name)
        for name, code in demo.LEGAL_PERSONS.items()
    }
    for mandate in demo.MANDATES:
        registry.add_mandate(
            work,
            account=mandate.account,
            code=bodies[mandate.legal_person].code,
            role=mandate.role,
            powers=mandate.powers,
        )
    return bodies


def _add_clients(work: Work) -> None:
    web = NewClient(
        client_id=demo.WEB_CLIENT,
        name="演示·一件事应用",
        owner_code=demo.LEGAL_PERSONS[demo.CENTRE],
        kind="web",
        scopes=frozenset(demo.WEB_SCOPES.split()),
        redirect_uris=(demo.WEB_REDIRECT,),
        logout_uris=(demo.WEB_LOGOUT,),
        demo=True,
    )
    service = NewClient(
        client_id=demo.SERVICE_CLIENT,
        name="演示·业务系统",
        owner_code=demo.LEGAL_PERSONS[demo.MARKET],
        kind="service",
        scopes=frozenset(demo.SERVICE_SCOPES.split()),
        introspects=True,
        demo=True,
    )
    registry.add_client(work, web, demo.WEB_SECRET)
    registry.add_client(work, service, demo.SERVICE_SECRET)
    _add_clients_elsewhere(work)


def _add_clients_elsewhere(work: Work) -> None:
    """Add a terminal in the hall and a clerk's window, which ask people on their phones."""
    scopes = frozenset(demo.ELSEWHERE_SCOPES.split())
    centre = demo.LEGAL_PERSONS[demo.CENTRE]
    terminal = NewClient(
        client_id=demo.TERMINAL_CLIENT,
        name="演示·政务自助终端",
        owner_code=centre,
        kind="public",
        scopes=scopes,
        demo=True,
        options=Options(grant_types=(DEVICE_GRANT,)),
    )
    window = NewClient(
        client_id=demo.WINDOW_CLIENT,
        name="演示·窗口受理系统",
        owner_code=centre,
        kind="service",
        scopes=scopes,
        demo=True,
        options=Options(grant_types=(CIBA_GRANT,)),  # it polls, for it says nothing else
    )
    registry.add_client(work, terminal)
    registry.add_client(work, window, demo.WINDOW_SECRET)


def _grant(store: CertificateStore, bodies: dict[str, LegalPerson], now: int) -> None:
    for slug, name in ISSUED_BY.items():
        party_id = bodies[name].legal_person_id
        store.grant_authority(find_type(slug).code, party_id, Authority(now, None))


def _issue(
    opened: Opened, desk: Desk, connection: Connection, bodies: dict[str, LegalPerson]
) -> None:
    tools = IssueTools(
        find_holder=holder_finder(opened.realm, connection),
        find_signer=desk.find_signer,
        append=recorder(opened, connection),
        random=opened.random,
        address=desk.address,
        check_glyphs=desk.drawer.check,
    )
    for licence in demo.LICENCES:
        request = IssueRequest(
            type=CATALOGUE[licence.type].slug,
            holder_code=licence.holder_code,
            holder_name=licence.holder,
            fields=licence.fields,
        )
        actor = _clerk(bodies[licence.issuer])
        issue(CertificateStore(connection), request, actor, tools, opened.clock())


def _clerk(department: LegalPerson) -> Actor:
    return Actor(
        person_id=None,
        person_name="演示数据",
        party_id=department.legal_person_id,
        party_name=department.name,
        party_code=department.code,
        is_legal_person=True,
        powers=frozenset({"issue"}),
        client_id=None,
    )
