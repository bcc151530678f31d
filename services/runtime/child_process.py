"""A process of one's own: started for a block, gone after it, whatever ends the block.

Its input is a pipe that nothing is written to. It closes when this process ends, however it ends; a child that follows
`services.runtime.lifeline` ends with it even then.
"""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO

from services.runtime.stop_signals import signals_held


@contextmanager
def child_process(
    command: Sequence[str],
    *,
    stop_s: float,
    environment: Mapping[str, str],
    stdout: int | IO[bytes],
    stderr: int | IO[bytes] | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a process and stop it at the end of the block: by SIGTERM, and by SIGKILL if that does not end it.

    Args:
        command: program and arguments.
        stop_s: seconds it may take to end after SIGTERM.
        environment: set beside the variables of this process.
        stdout: as for `subprocess.Popen`; a pipe is closed at the end.
        stderr: likewise; that of this process if not given.
    """
    process = None
    try:
        # Held until it stands in `process`: a stop that broke into the start would leave behind what it started.
        with signals_held():
            # A session of its own: Ctrl-C reaches every process of a terminal, and a service that is told twice to
            # stop ends in the middle of what it does.
            process = subprocess.Popen(
                command,
                env=os.environ | dict(environment),
                stdin=subprocess.PIPE,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        yield process
    finally:
        if process is not None:
            _stop(process, stop_s)


def _stop(process: "subprocess.Popen[bytes]", stop_s: float) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(stop_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
