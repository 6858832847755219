"""What each hot path may cost: SQL statements and signatures. A test holds the service to it.

The service's own statements only, BEGIN and COMMIT left out. Signatures are those of the request
itself, with the department's certificate chain remembered; the log signs once per batch.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """Statements, signatures made and signatures checked of one request."""

    statements: int
    signs: int
    verifies: int


BUDGETS = {
    # its app is known from a moment ago
    "token, client credentials": Budget(0, 1, 0),
    # session with names and consent; the row behind the code
    "authorize, signed in": Budget(2, 0, 0),
    # the code's row, compared and used up; access token and ID token
    "token, code": Budget(1, 2, 0),
    # the same row, one further
    "token, refresh": Budget(1, 2, 0),
    # the row, its person, its app, and whether the token was withdrawn; one signature checked when
    # a worker sees a token of another one for the first time
    "userinfo": Budget(1, 0, 0),
    "introspection": Budget(1, 0, 0),
    # written once for each set of keys
    "keys": Budget(0, 0, 0),
    "metadata": Budget(0, 0, 0),
    # token's client and owner; find, record of issue, redeem, append
    "verification by API": Budget(5, 0, 2),
    # token's client; authority, holder, serial, append, licence
    "issue by API": Budget(6, 1, 1),
}
