"""Code flows without HTTP."""

from typing import Any

from identity.asking.flow import Flow
from identity.asking.parameters import read_parameters
from identity.authorization.authorizing import Ask, authorize
from identity.grants.messages import Answer
from identity.provider import answer_token_request
from tests.identity.browser import VERIFIER, basic, query, request_of, told
from tests.identity.world import EVERYTHING, REDIRECT, World


def tokens_in(
    world: World, scope: str = "openid licence.read licence.issue", *, redeem: bool = True
) -> tuple[dict[str, Any], str]:
    """Tokens of the agent for the company, without HTTP, and the code they came from."""
    company = world.company_id()
    _, signed_in = world.sign_in("agent", company)
    with world.working() as work:
        person = signed_in.person.person_id
        work.store.clients.save_consent(person, company, "web", EVERYTHING, work.now)
        answer = authorize(work, Flow(query(request_of(scope=scope)), work.now), signed_in)
    assert not isinstance(answer, Ask)
    code = told(answer.location or "")["code"]
    return (redeem_in(world, code).body if redeem else {}), code


def redeem_in(world: World, code: str = "", **form: str) -> Answer:
    """Ask the token endpoint without HTTP."""
    usual = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }
    parameters = read_parameters(query(form or usual), basic()["Authorization"])
    with world.working() as work:
        return answer_token_request(work, parameters)
