"""The call that is being served: who asks, under which request id, and how long it may take.

The interceptor opens a :class:`CallContext` for each call. gRPC gives every call a fresh
``contextvars.Context`` and runs both the handler and the iteration of its response stream in it, so
:func:`current_call` works in both. Threads that a handler starts itself do not inherit it: hand them the
object.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass

from services.runtime.errors import MORE_TIME, Cancelled, DeadlineExceeded, Internal


@dataclass(frozen=True, slots=True)
class CallContext:
    """What a handler may know about its call.

    Attributes:
        institution_id: the institution every query and every write of this call is scoped by.
        request_id: identifies the call in logs and in messages of INTERNAL errors.
        method: full name, for example ``/ecopledge.loans.v1.LoansService/PutLoans``.
        deadline_s: on the clock of ``time.monotonic``.
        is_active: False once the caller went away or its deadline is over.
    """

    institution_id: str
    request_id: str
    method: str
    deadline_s: float
    is_active: Callable[[], bool]

    def remaining_s(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self.deadline_s - time.monotonic())

    def check_alive(self) -> None:
        """For long work to call between steps.

        Raises:
            DeadlineExceeded: the time is over.
            Cancelled: the caller went away.
        """
        if time.monotonic() >= self.deadline_s:
            raise DeadlineExceeded(f"{self.method}: the time for this call is over; {MORE_TIME}")
        if not self.is_active():
            raise Cancelled(f"{self.method}: the caller went away")


_current: ContextVar[CallContext] = ContextVar("ecopledge_call")


def current_call() -> CallContext:
    """The call that this code runs for.

    Raises:
        Internal: outside of a call.
    """
    try:
        return _current.get()
    except LookupError:
        raise Internal("no call is being served here; pass the CallContext to threads of your own") from None


def enter_call(call: CallContext) -> None:
    """Makes ``call`` current for the rest of this ``contextvars.Context``; for the interceptor."""
    _current.set(call)


@contextlib.contextmanager
def acting_for(
    institution_id: str, *, request_id: str = "local", method: str = "local", limit_s: float = 3600.0
) -> Iterator[CallContext]:
    """A call context without gRPC, for commands and tests that use an engine directly."""
    call = CallContext(institution_id, request_id, method, time.monotonic() + limit_s, lambda: True)
    token = _current.set(call)
    try:
        yield call
    finally:
        _current.reset(token)
