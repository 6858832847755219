"""Details of the type `acting`: what an app may do in the name of the one acted for."""

from collections.abc import Mapping, Sequence

from identity.asking.details import Detail, Fact, Words
from identity.errors import BadDetails
from identity.people.mandates import LICENCES, SHOW, USES, VERIFY

ACTING = "acting"
ACTIONS: Mapping[str, Words] = {
    LICENCES: Words("查看证照", "see licences"),
    SHOW: Words("出示证照", "show licences"),
    USES: Words("查看用证记录", "see who used licences"),
    VERIFY: Words("核验证照", "verify licences"),
}


class Acting:
    """Names powers of a mandate; the token says which of them the person agreed to."""

    title = Words("以您代表的一方的名义办事", "Act in the name of the one you act for")
    fields = ("actions",)

    def check(self, detail: Detail) -> None:
        """Check that the powers are some that an app can have.

        Raises:
            BadDetails: they are not.
        """
        actions = detail["actions"]
        known = isinstance(actions, list) and all(
            isinstance(each, str) and each in ACTIONS for each in actions
        )
        if not known or not actions or len(set(actions)) != len(actions):
            raise BadDetails(f"actions are some of {', '.join(ACTIONS)}, each once")

    def describe(self, detail: Detail) -> Sequence[Fact]:
        """Name the powers."""
        named = [ACTIONS[each] for each in detail["actions"]]
        value = Words("、".join(each.zh for each in named), ", ".join(each.en for each in named))
        return [Fact(Words("可以做", "It may"), value)]
