"""Worlds that a reverse stress found, as a scenario file that `--scenarios` of every command reads back."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from cli.code_words import Words
from cli.writable_folder import require_writable

if TYPE_CHECKING:
    from services.runtime.scenarios.scenario import Scenario

NOT_WRITTEN = 1
"""Exit code where a file was asked for and there is nothing to write."""

_HEADING = """反向压力求得的情景，格式同 data/scenarios.toml
Worlds found by a reverse stress, in the form of data/scenarios.toml"""


class FoundMoves(Protocol):
    """What the reverse stresses of assets and of books have in common."""

    @property
    def broken_already(self) -> bool:
        """Whether the limit is broken without any move."""

    @property
    def scenarios(self) -> tuple["Scenario", ...]:
        """The worlds in which it is reached."""


scenario_out_option = click.option(
    "--scenario-out",
    "scenario_out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the worlds in which the limit is reached as scenarios, for --scenarios FILE. Needs a limit.",
)


def require_scenario_file(path: Path | None, *, has_limit: bool) -> None:
    """Refuse a scenario file that cannot come to be, before the search is made for it.

    Raises:
        UsageError: no limit is asked about, or the name is not that of a TOML file.
        OSError: its folder cannot be written; carries its name.
    """
    if path is None:
        return
    if not has_limit:
        raise click.UsageError(
            "found --scenario-out without a limit, expected a limit whose breaking is sought"
        )
    if path.suffix != ".toml":
        raise click.UsageError(f"--scenario-out: found {path}, expected a name that ends in .toml")
    require_writable(path.parent)


def write_found_worlds(path: Path, answers: Sequence[FoundMoves], command: str) -> bool:
    """Write the worlds of one or several reverse stresses and say so, or say why there is no file.

    It is said on stderr: the answer itself, a table or JSON, is alone on stdout.

    Args:
        path: of the file; one that is there is replaced.
        answers: the worlds of several are told apart by a number before the name.
        command: that reads the file back.

    Returns:
        Whether there was anything to write; a file of before stays as it is where there was not.
    """
    from flows.reports.whole_files import replace_together
    from services.runtime.scenarios.rules import LONGEST_NAME
    from services.runtime.scenarios.written import scenarios_toml

    worlds = [
        world if len(answers) == 1 else replace(world, name=f"{number}-{world.name}"[:LONGEST_NAME])
        for number, answer in enumerate(answers, start=1)
        for world in answer.scenarios
    ]
    if worlds:
        replace_together(path.parent, {path.name: scenarios_toml(worlds, _HEADING).encode()})
        click.echo(f"  情景文件 scenarios → {path}; {command} --scenarios {path}", err=True)
        return True
    if answers and all(answer.broken_already for answer in answers):
        zh, en = (
            "基准市场已超限，无变动可写",
            "the limit is broken in the base market, there is no move to write",
        )
    else:
        zh, en = "限额不可达", "not reachable: no move within six standard deviations breaks the limit"
    click.echo(f"  未写情景文件 {path}：{zh} · not written, {en}", err=True)
    return False


def print_out_of_reach(factors: Sequence[str], factor: Words) -> None:
    """Name the factors that do not break a limit alone, as `factor` calls them."""
    if factors:
        named = ", ".join(map(factor, factors))
        click.echo(
            f"  单独变动在六个标准差以内不可达 · not reachable alone within six standard deviations: {named}"
        )
