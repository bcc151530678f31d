"""What a person waits for: the help text, the services being ready, and the main job.

Run `python benchmarks/bench_startup.py`. Each time is wall time of the command as typed, the median of several runs.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cli.connection import own_services

TARGETS_S = {"ecopledge --help": 0.4, "services ready": 3.0, "main job with report": 60.0}


def timed(action: Callable[[], object], runs: int) -> float:
    """Median wall time of an action in seconds."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def command(*arguments: str) -> None:
    """Run the command line to its end."""
    subprocess.run(
        [Path(sys.executable).with_name("ecopledge"), *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def ready() -> None:
    """Start the services, wait until they announce themselves, stop them."""
    with own_services():
        pass


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ECOPLEDGE_DATABASE_URL"] = f"sqlite:///{folder}/bench.db"
        measured = {
            "ecopledge --help": timed(lambda: command("--help"), 5),
            "services ready": timed(ready, 3),
            "main job with report": timed(lambda: command("demo", "--out", f"{folder}/out"), 1),
        }
    print(f"{'what':24s} {'seconds':>8s} {'target':>8s}")
    for name, seconds in measured.items():
        print(f"{name:24s} {seconds:8.2f} {TARGETS_S[name]:8.1f}")
    print("services ready includes stopping them again")


if __name__ == "__main__":
    main()
