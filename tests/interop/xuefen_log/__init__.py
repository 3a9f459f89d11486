"""A reader of Xuefen logs, written from docs/FORMAT.md alone and sharing no code with the ledger.

Invariant: it only reads, and the first thing that does not hold ends it with a Violation.
"""


class Violation(Exception):
    """Something that a log must hold does not: where, and what."""

    def __init__(self, where, what):
        super().__init__(f"{where}: {what}")


def require(holds, where, what):
    """Raises a Violation unless `holds`."""
    if not holds:
        raise Violation(where, what)
