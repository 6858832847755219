"""How sure we are that somebody is who they say: levels, as `acr` values, and by what, as `amr`."""

from collections.abc import Iterable

LEVELS = (2, 3, 4, 5)
ACR_PREFIX = "urn:haihe:acr:level"
PASSWORD_LEVEL = 2
MFA_LEVEL = 3  # registered with name and number, and two factors at sign-in
RECENT_SECONDS = 10 * 60  # how long a sign-in is fresh enough to change how one signs in

# RFC 8176 §2
PASSWORD, CODE, SEVERAL = "pwd", "otp", "mfa"
KEY, HARDWARE_KEY, SOFTWARE_KEY, PRESENT = "pop", "hwk", "swk", "user"
OTHER_CHANNEL = "mca"
PASSWORD_METHODS = (PASSWORD,)

# OpenID Connect Extended Authentication Profile ACR Values §2: a key that a false page cannot use;
# and one that never leaves its device.
PHISHING_RESISTANT, HARDWARE_PROTECTED = "phr", "phrh"


def acr_of(level: int) -> str:
    """Name a level in tokens: 2 by one's own word, 3 matched against the register, 4 a real
    person before a camera, 5 a certificate or a window.

    Raises:
        ValueError: there is no such level.
    """
    if level not in LEVELS:
        raise ValueError(f"assurance level {level} is none of {LEVELS}")
    return f"{ACR_PREFIX}{level}"


ACR_VALUES = tuple(acr_of(level) for level in LEVELS)
ALL_ACR_VALUES = (*ACR_VALUES, PHISHING_RESISTANT, HARDWARE_PROTECTED)


def rank(acr: str) -> int:
    """Order levels; a name that is none comes last."""
    return ACR_VALUES.index(acr) if acr in ACR_VALUES else -1


def level_of(methods: Iterable[str], vouched: int) -> int:
    """Return the level of a sign-in.

    Args:
        methods: by what the person signed in.
        vouched: how well somebody else made sure who they are. It counts with two factors only:
            a password alone does not show that the one who was seen is here now.
    """
    return max(MFA_LEVEL, vouched) if SEVERAL in methods else PASSWORD_LEVEL


def held(acr: str, amr: str) -> frozenset[str]:
    """Return all names that a sign-in may go by: its level, those below, resistance to phishing."""
    levels = ACR_VALUES[: ACR_VALUES.index(acr) + 1] if acr in ACR_VALUES else (acr,)
    methods = set(amr.split())
    resistant = {PHISHING_RESISTANT} if KEY in methods else set[str]()
    protected = {HARDWARE_PROTECTED} if {KEY, HARDWARE_KEY} <= methods else set[str]()
    return frozenset(levels) | resistant | protected


def meets(acr: str, wanted: str, amr: str = "") -> bool:
    """Tell whether a sign-in is enough for an app; unknown names ask for nothing."""
    known = [each for each in wanted.split() if each in ALL_ACR_VALUES]
    return not known or acr not in ACR_VALUES or not held(acr, amr).isdisjoint(known)


def named_for(acr: str, amr: str, wished: str, needed: Iterable[str] = ()) -> str:
    """Name a sign-in towards one app: by the best name it needs, else as high as it is.

    Args:
        acr: the level of the sign-in.
        amr: by what the person signed in.
        wished: names the app would like (`acr_values`).
        needed: names of which the app must get one; empty for any.
    """
    ours = held(acr, amr)
    fitting = [each for each in ALL_ACR_VALUES if each in ours]
    needs = [each for each in fitting if each in set(needed)]
    if needs:
        return needs[-1]
    kinds = {PHISHING_RESISTANT, HARDWARE_PROTECTED} & set(wished.split())
    return next((each for each in reversed(fitting) if each in kinds), acr)


def joined(*several: Iterable[str]) -> tuple[str, ...]:
    """Join what was proved at different times; two kinds of proof are more than one factor."""
    methods = dict.fromkeys(each for methods in several for each in methods)
    kinds = [kind for kind in (PASSWORD, CODE, KEY) if kind in methods]
    if len(kinds) > 1:
        methods[SEVERAL] = methods.pop(SEVERAL, None)
    return tuple(methods)


def is_recent(auth_time: int, now: int) -> bool:
    """Tell whether somebody signed in just now."""
    return now - auth_time < RECENT_SECONDS
