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
    # none: the client is known from a moment ago
    "token, client credentials": Budget(0, 1, 0),
    # token's client and owner; find, record of issue, redeem, append
    "verification by API": Budget(5, 0, 2),
    # token's client; authority, holder, serial, append, licence
    "issue by API": Budget(6, 1, 1),
}
