"""How a command reaches the services: those that run already, or its own for as long as it runs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from cli.stopped import UNTIL_INPUT_ENDS
from services.runtime.child_process import child_process
from services.runtime.errors import Unavailable

if TYPE_CHECKING:
    import grpc

STOP_S = 15.0
WRONG_INPUT = 2


@contextmanager
def own_services(only: tuple[str, ...] = ()) -> Iterator[str]:
    """Start services on a free loopback port and stop them at the end.

    Yields:
        Their address.

    Raises:
        Exit: if a setting or the database is wrong, which they have told.
        Unavailable: if they do not come up for another reason.
    """
    command = [sys.executable, "-m", "cli.main", "serve", "--listen", "127.0.0.1:0", UNTIL_INPUT_ENDS]
    for name in only:
        command += ["--only", name]
    with child_process(
        command,
        stop_s=STOP_S,
        environment={"ECOPLEDGE_LOG_LEVEL": os.environ.get("ECOPLEDGE_LOG_LEVEL", "warning")},
        stdout=subprocess.PIPE,
    ) as process:
        line = process.stdout.readline() if process.stdout is not None else b""
        if not line:
            code = process.wait()
            if code == WRONG_INPUT:
                raise click.exceptions.Exit(code)
            raise Unavailable(f"the services ended with code {code} before they were ready")
        yield json.loads(line)["address"]


@contextmanager
def reachable_services(target: str | None, only: tuple[str, ...] = ()) -> Iterator[str]:
    """The address of the services at target, or of the command's own where no target is given."""
    if target is not None:
        yield target
        return
    with own_services(only) as address:
        yield address


@contextmanager
def services(target: str | None, only: tuple[str, ...] = ()) -> Iterator["grpc.Channel"]:
    """A channel to the services at target, or to the command's own where no target is given."""
    from services.runtime.channel import open_channel_from
    from services.runtime.settings import load_settings

    with (
        reachable_services(target, only) as address,
        open_channel_from(load_settings(), address) as channel,
    ):
        yield channel


target = click.option(
    "--target",
    envvar="ECOPLEDGE_TARGET",
    metavar="HOST:PORT",
    help="Services that run already. Without it the command starts its own on the embedded database.",
)
