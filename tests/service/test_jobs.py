"""Background work: what it does without being asked."""

import time
from pathlib import Path

from sqlalchemy import text

from identity.store.housekeeping import BATCH
from service.jobs import Job, housekeeping
from service.opened import Opened
from tests.service.inside import serving


def test_a_running_service_forgets_what_has_ended(tmp_path: Path) -> None:
    with serving(tmp_path) as opened:
        realm, gone = opened.realm, opened.clock() - 1
        with realm.writing() as store:
            for number in range(2 * BATCH + 1):
                store.authorizations.revoke_token(f"ended-{number}", gone)
            store.authorizations.revoke_token("alive", gone + 3600)
        job = housekeeping(opened)
        job.start()
        deadline = time.monotonic() + 20
        while names_of(opened) != {"alive"} and time.monotonic() < deadline:
            time.sleep(0.05)
        job.stop()
        assert names_of(opened) == {"alive"}


def names_of(opened: Opened) -> set[str]:
    with opened.database.reading() as connection:
        return set(connection.execute(text("SELECT jti FROM revoked_tokens")).scalars())


def test_a_job_goes_on_after_a_round_that_failed() -> None:
    rounds: list[int] = []

    def one_round() -> bool:
        rounds.append(1)
        if len(rounds) == 1:
            raise OSError("the first round fails")
        return False

    job = Job("failing", one_round, 0.01)
    job.start()
    deadline = time.monotonic() + 5
    while len(rounds) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    job.stop()
    assert len(rounds) >= 3
