"""What a person is asked for or agreed to, in plain words: scopes, matters, details."""

from collections.abc import Collection, Sequence

from identity.asking.scopes import CONSENTED, join
from identity.people.mandates import MatterName
from identity.realm import Realm


def describe_scopes(
    realm: Realm, scopes: Collection[str]
) -> Sequence[tuple[str, MatterName | None]]:
    """Say what each scope lets an app do, and in which matter, if it is about one."""
    return [_describe(realm, name) for name in join(scopes).split()]


def _describe(realm: Realm, scope: str) -> tuple[str, MatterName | None]:
    family, _colon, matter = scope.partition(":")
    return CONSENTED[family].text, realm.matters.get(matter)
