"""Apps that ask people who are elsewhere."""

import httpx

from identity.telling.posting import send_due
from tests.identity.clerks import (
    add_apps,
    answer_first,
    ask,
    begun,
    person_at,
    poll,
    request_object,
)
from tests.identity.conftest import Site
from tests.identity.discovered import exercises
from tests.identity.receiving import receiving
from tests.identity.signing import assertion, proving


@exercises("grant_types_supported", "urn:openid:params:grant-type:ciba")
@exercises("backchannel_token_delivery_modes_supported", "poll")
def an_app_polls_for_the_answer(site: Site, mode: str) -> None:
    add_apps(site.world)
    asked = begun(ask(site))
    answer_first(person_at(site))
    assert poll(site, asked).json()["access_token"]


@exercises("backchannel_token_delivery_modes_supported", "ping")
def an_app_is_told_of_the_answer(site: Site, mode: str) -> None:
    with receiving() as receiver:
        with site.world.working() as work:
            work.store.clients.remove("pinged")
        add_apps(site.world, receiver.url)
        begun(ask(site, "pinged", client_notification_token="token"))
        answer_first(person_at(site))
        while send_due(site.world.realm):
            pass
        assert receiver.received


@exercises("backchannel_authentication_request_signing_alg_values_supported")
def a_request_is_signed(site: Site, alg: str) -> None:
    add_apps(site.world)
    form = {"request": request_object(site, alg, iss="bank-2")}
    form |= proving(assertion(site.world, "bank-2"))
    begun(httpx.post(f"{site.url}/bc-authorize", data=form))


@exercises("backchannel_user_code_parameter_supported")
def no_code_of_the_person_is_asked_for(site: Site, supported: bool) -> None:
    add_apps(site.world)
    begun(ask(site))
