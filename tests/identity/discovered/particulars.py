"""What the metadata says about details of an authorization."""

from tests.identity.conftest import Site
from tests.identity.discovered import exercises
from tests.identity.test_particulars import all_details


@exercises("authorization_details_types_supported")
def details_are_granted(site: Site, kind: str) -> None:
    assert kind in {each["type"] for each in all_details(site)}
