"""How sure we are that somebody is who they say: levels, as `acr` values."""

LEVELS = (2, 3, 4, 5)
ACR_PREFIX = "urn:haihe:acr:level"
PASSWORD_LEVEL = 2
PASSWORD_METHODS = ("pwd",)  # RFC 8176 §2
MFA_LEVEL = 3  # registered with name and number, and two factors at sign-in
MFA_METHODS = ("pwd", "otp", "mfa")


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


def meets(acr: str, wanted: str) -> bool:
    """Tell whether a level is enough for an app that names some; unknown names ask for nothing."""
    levels = [ACR_VALUES.index(each) for each in wanted.split() if each in ACR_VALUES]
    return not levels or acr not in ACR_VALUES or ACR_VALUES.index(acr) >= min(levels)
