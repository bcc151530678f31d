"""Processes that tests start: whether one is gone, and waiting for what another process does."""

import os
import time
from collections.abc import Callable


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def wait_until(
    condition: Callable[[], bool], limit_s: float = 120.0, otherwise: str = "waited in vain"
) -> None:
    """Waits for a condition; a test fails that waits in vain."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)
