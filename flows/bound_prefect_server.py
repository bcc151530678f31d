"""`python -m flows.bound_prefect_server PORT`: Prefect's server, which ends when its input does.

The input is a pipe that the starting process holds open. A process that is killed closes it without being asked, so
no server is left behind; this holds on every system, unlike signals on the death of a parent.
"""

import os
import signal
import sys
import threading
import time

_STOP_S = 10.0


def main() -> None:
    """Serve until a signal comes or the input ends."""
    threading.Thread(target=_stop_with_the_input, daemon=True).start()
    port = sys.argv[1]
    # The process that started this one prepared the environment.
    from prefect.cli import app  # noqa: PLC0415

    sys.argv = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", port]
    app()


def _stop_with_the_input() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_STOP_S)
    os._exit(1)


if __name__ == "__main__":
    main()
