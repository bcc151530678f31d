"""A process that ends with the one that started it, however that one ends.

The input of the started process is a pipe that the starter holds open and writes nothing to. A starter that is killed
closes it without being asked, so no server is left behind; this holds on every system, unlike signals on the death of
a parent.
"""

import os
import signal
import sys
import threading
import time

_STOP_S = 10.0


def end_with_input() -> None:
    """Sends this process SIGTERM once its standard input has ended, and ends it if that is not enough."""
    threading.Thread(target=_wait_for_the_end, daemon=True).start()


def _wait_for_the_end() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_STOP_S)
    os._exit(1)
