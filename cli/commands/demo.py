"""`ecopledge demo`: the main job on bundled published data, with reports."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import services, target
from cli.examples import WithExamples
from cli.output import json_option, progress
from cli.writable_folder import require_writable

if TYPE_CHECKING:
    from services.runtime.results import Progress


@click.command("demo", cls=WithExamples, examples=("ecopledge demo --out out",))
@click.option(
    "--out",
    "out_dir",
    type=click.Path(path_type=Path, file_okay=False),
    default="out",
    show_default=True,
    help="Folder.",
)
@target
@json_option
def command(out_dir: Path, target: str | None, *, as_json: bool) -> int:
    """主流程 · The main job on bundled published data, from account to report.

    Reconciles a GEP account, values the 29 published pledge cases beside the loans that banks really gave, flags
    what is odd about them, loads two lists of projects, simulates the cases as one loan book, runs the fund, and
    writes report.html and report.xlsx.
    """
    from cli.demo_summary import print_summary, summary
    from flows.main_job import Clients, run_main_job
    from flows.reports.main_report import write_report

    require_writable(out_dir)
    started = time.monotonic()
    with _steps(quiet=as_json) as (tell, on_progress):
        tell("启动服务", "Start the services")
        with services(target) as channel:
            result = run_main_job(Clients.on(channel), tell, on_progress)
        tell("撰写报告", "Write the report")
        written = write_report(result, out_dir)
    if as_json:
        from cli.output import print_json

        print_json(summary(result, written))
    else:
        print_summary(result, written, time.monotonic() - started)
    return 0


@contextmanager
def _steps(*, quiet: bool) -> Iterator[tuple[Callable[[str, str], None], Callable[["Progress"], None]]]:
    """A line on stderr for each step that is done, with its time, and a bar for the one under way."""
    began: list[tuple[str, str, float]] = []

    def close() -> None:
        if began and not quiet:
            zh, en, at = began[-1]
            click.echo(f"  ✓ {zh} · {en}  ({time.monotonic() - at:.1f} s)", err=True)

    with progress("", quiet=quiet) as bar:

        def tell(zh: str, en: str) -> None:
            close()
            began.append((zh, en, time.monotonic()))
            bar(0, 0)

        def on_progress(done: "Progress") -> None:
            bar(done.paths_done, done.paths_total)

        yield tell, on_progress
        close()
