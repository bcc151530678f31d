"""What the commands that compute a grid of scenarios share: how its files, its refusals and its end are told."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from cli.output import print_json

REFUSED = 1


def tell_grid(
    grid: Any,
    files: Sequence[Path],
    print_table_of: Callable[[Any], None],
    refusals: Iterable[tuple[str, str]],
    *,
    as_json: bool,
) -> int:
    """Print a grid, what was refused of it and where its report is.

    Args:
        grid: what was found.
        files: of the report, none where none was asked for.
        print_table_of: prints the table of the grid for people.
        refusals: each variant with why it was refused, "" where it was not.
        as_json: for programs instead.

    Returns:
        The exit code: 1 where a variant was refused.
    """
    refused = [(name, why) for name, why in refusals if why]
    if as_json:
        print_json({"grid": grid, "files": [str(path) for path in files]})
    else:
        print_table_of(grid)
        for name, why in refused:
            click.echo(f"  ! {name} 未能测算 · refused: {why}")
        for path in files:
            click.echo(f"report · 报告: {path}")
    return REFUSED if refused else 0
