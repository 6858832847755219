"""Whether a password may be chosen: long enough, not leaked, not one that would be tried first.

No mixture of characters is asked for, no change is ever forced (NIST SP 800-63B §3.1.1.2).
"""

from identity.errors import BadRegistration
from identity.sign_in.guessable import is_guessable
from identity.sign_in.hashing import check_password
from identity.sign_in.leaked import IsLeaked


def check_choice(password: str, account: str, is_leaked: IsLeaked) -> None:
    """Check a new password.

    Raises:
        BadRegistration: it is too short or too long, or somebody would guess it.
    """
    check_password(password)
    if is_guessable(password, account) or is_leaked(password):
        raise BadRegistration("this password is known to those who guess passwords; choose another")
