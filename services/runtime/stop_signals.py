"""How a command that runs until it is told to stop hears of it, whatever it is doing.

Only the handler runs in the main thread; the work that takes long is done where a signal does not break into it.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHELL_BASE = 128


class Terminated(KeyboardInterrupt):
    """SIGTERM where Ctrl-C would have raised KeyboardInterrupt."""


def interrupt_on_sigterm() -> None:
    """Have SIGTERM end a command as Ctrl-C does, with what it opened closed behind it."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    signal.signal(signal.SIGTERM, on_signal)


@contextmanager
def signals_held() -> Iterator[None]:
    """SIGINT and SIGTERM that come within the block are heard right after it, in the order they came.

    Those that this process ignores, or that were set from elsewhere than Python, stay as they are; and outside the
    main thread nothing is held, since no handler breaks in there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    held = {number: handler for number, handler in before.items() if handler not in {signal.SIG_IGN, None}}
    for number in held:
        signal.signal(number, hold)
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
        for told in came:
            signal.raise_signal(told)


class StopSignals:
    """SIGINT and SIGTERM within a block: the first asks to stop, the second ends the process at once.

    Until `serving` is called the first one raises as well, `KeyboardInterrupt` or `Terminated`, so that a start-up is
    broken off. An exception that a signal raises can be lost (a library catches everything; Python drops what is
    raised inside a destructor), so the ask is remembered too. And whatever hangs afterwards, the process is gone
    `limit_s` after it was asked.

    Attributes:
        asked: set after the first signal, by a thread: the handler may have broken into the very wait for it, whose
            lock it would then wait for itself, for good.
    """

    def __init__(self, limit_s: float) -> None:
        self.asked = threading.Event()
        self._limit_s = limit_s
        self._told = False
        self._number = signal.SIGINT
        self._breaks_off = True
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            # None: it was not set from Python.
            signal.signal(number, signal.SIG_DFL if before is None else before)  # type: ignore[arg-type]  # as it came

    def raise_if_asked(self) -> None:
        """Raise what the signal raised, where that was lost.

        Raises:
            KeyboardInterrupt: the signal was SIGINT.
            Terminated: it was SIGTERM.
        """
        if self._told:
            raise Terminated if self._number == signal.SIGTERM else KeyboardInterrupt

    def serving(self) -> None:
        """From here on a signal only asks.

        Raises:
            KeyboardInterrupt: SIGINT came before.
            Terminated: SIGTERM came before.
        """
        self._breaks_off = False
        self.raise_if_asked()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._told:
            end_at_once(_SHELL_BASE + number)
        self._number = signal.Signals(number)
        self._told = True
        # A daemon: it holds nobody up who ends by himself.
        threading.Thread(target=self._ask_then_end, name="last word", daemon=True).start()
        if self._breaks_off:
            self.raise_if_asked()

    def _ask_then_end(self) -> None:
        self.asked.set()
        time.sleep(self._limit_s)
        end_at_once(_SHELL_BASE + self._number)


def end_at_once(code: int) -> None:
    """End the process without waiting; what it started ends with its input (`services.runtime.lifeline`)."""
    sys.stderr.flush()
    os._exit(code)
