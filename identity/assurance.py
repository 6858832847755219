"""How sure we are that somebody is who they say: levels, as `acr` values."""

LEVELS = (2, 3, 4, 5)
ACR_PREFIX = "urn:haihe:acr:level"
PASSWORD_LEVEL = 2
PASSWORD_METHODS = ("pwd",)  # RFC 8176 §2


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
