"""The purpose of a use: mandatory, in the words of the one who asks (GB/T 36906-2018)."""

from certificates.errors import PurposeRefused

LONGEST = 200


def check_purpose(text: str) -> str:
    """Check a purpose and give it trimmed.

    Raises:
        PurposeRefused: it is empty, longer than 200 characters or holds control characters.
    """
    purpose = text.strip()
    if not purpose:
        raise PurposeRefused("the purpose is mandatory")
    if len(purpose) > LONGEST:
        raise PurposeRefused(f"the purpose has at most {LONGEST} characters")
    if not purpose.isprintable():
        raise PurposeRefused("the purpose holds control characters")
    return purpose
