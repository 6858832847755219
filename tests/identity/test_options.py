"""What apps register beyond the basics."""

from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from identity.apps.options import NONE, Options, read_options, write_options

VALUES = {bool: st.booleans(), str: st.text(max_size=20)}
NAMES = st.lists(st.text(max_size=9), max_size=3).map(tuple)
ANY = st.builds(Options, **{each.name: VALUES.get(each.type, NAMES) for each in fields(Options)})


@given(ANY)
def test_what_is_written_is_read_again(options):
    assert read_options(write_options(options)) == options


def test_what_is_usual_takes_no_room():
    assert write_options(NONE) == ""
    assert read_options("") is NONE
    wanted = write_options(replace(NONE, dpop_bound_access_tokens=True))
    assert wanted == '{"dpop_bound_access_tokens":true}'


def test_an_option_that_is_known_no_more_is_passed_over():
    assert read_options('{"gone":1,"grant_types":["x"]}') == replace(NONE, grant_types=("x",))


def test_a_client_keeps_its_options_and_their_grants(world):
    options = replace(NONE, grant_types=("urn:example:grant",))
    with world.realm.writing() as store:
        client = store.clients.find("public")
        store.clients.replace(replace(client, options=options))
    with world.realm.reading() as store:
        kept = store.clients.find("public")
    assert kept.options == options
    assert kept.grants == (*client.grants, "urn:example:grant")
