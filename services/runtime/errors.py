"""The one tree of domain errors; every service raises these and every client gets these back.

::

    EcopledgeError
    +-- InvalidInput        a value the caller sent is wrong; carries every FieldViolation found
    +-- NotFound            the thing named does not exist in the caller's institution
    +-- Conflict            it exists already, or the request_id was used for other content
    +-- FailedPrecondition  the input is fine, the state of the system does not allow it
    +-- Unauthenticated     no valid token
    +-- PermissionDenied    known caller, not allowed
    +-- ResourceExhausted   a limit was reached (message size, row count)
    +-- Unavailable         try again later: database busy, cluster away
    |   +-- Unreachable     no server answered at all; a client says so, no server does
    +-- DeadlineExceeded    the caller's time (or the server's default limit) is over
    +-- Cancelled           the caller went away
    +-- Internal            a fault of ours; the log has the traceback under the request id

``services/runtime/status_table.py`` maps every one that a server raises to one gRPC status code and back.
"""

# The names are the statuses that the whole system speaks about; an "Error" suffix on each would only repeat.
# ruff: noqa: N818

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One thing that is wrong with one field.

    Attributes:
        field: path in the request, for example ``assets[3].water_right.volume_m3_per_year``.
        description: what was found and what was expected.
    """

    field: str
    description: str

    def __str__(self) -> str:
        return f"{self.field}: {self.description}" if self.field else self.description


class EcopledgeError(Exception):
    """Root of every error that ecopledge raises on purpose.

    Attributes:
        message: for a person: where, what was found, what was expected.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(EcopledgeError):
    """What the caller sent is wrong, whatever the state of the system.

    Attributes:
        violations: every violation found, in the order of the request; empty when no field is to blame.
    """

    SHOWN_IN_MESSAGE = 3

    def __init__(self, message: str, violations: Iterable[FieldViolation] = ()) -> None:
        super().__init__(message)
        self.violations = tuple(violations)

    @classmethod
    def of(cls, field: str, description: str) -> Self:
        """An error about a single field."""
        violation = FieldViolation(field, description)
        return cls(str(violation), (violation,))

    @classmethod
    def from_violations(cls, violations: Iterable[FieldViolation]) -> Self:
        """An error about many fields; the message shows the first few and counts the rest."""
        found = tuple(violations)
        shown = "; ".join(str(violation) for violation in found[: cls.SHOWN_IN_MESSAGE])
        rest = len(found) - cls.SHOWN_IN_MESSAGE
        return cls(f"{shown}; and {rest} more" if rest > 0 else shown, found)


class NotFound(EcopledgeError):
    """The thing named does not exist in the caller's institution."""


class Conflict(EcopledgeError):
    """The thing exists already, or the request_id was used before with other content."""


class FailedPrecondition(EcopledgeError):
    """The input is well formed but the state of the system does not allow it; repeating will not help."""


class Unauthenticated(EcopledgeError):
    """The call carries no valid token."""


class PermissionDenied(EcopledgeError):
    """The caller is known and is not allowed to do this."""


class ResourceExhausted(EcopledgeError):
    """A limit was reached, for example the size of a message."""


class Unavailable(EcopledgeError):
    """Nothing was done and the same call may succeed later; the only error a client retries by itself."""


class Unreachable(Unavailable):
    """No server answered at the address: it is not started, or not there."""


class DeadlineExceeded(EcopledgeError):
    """The time the caller gave, or the server's default limit, is over; the same call would take as long again."""


MORE_TIME = (
    "allow more time (ECOPLEDGE_DEFAULT_DEADLINE_S, on the service and on who asks), or ask for less at once: "
    "fewer paths, worlds or settings; docs/scaling.md tells of more machines"
)
"""What to do about a deadline instead of the same call once more."""


class Cancelled(EcopledgeError):
    """The caller went away; the work was stopped."""


class Internal(EcopledgeError):
    """A fault of ours. The message names the request id under which the log has the traceback."""
