"""Which term sheet a command means: a bundled one or one of a file of the same form."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from services.fund.fund_terms.sheets import TermSheet

sheets_option = click.option(
    "--sheets",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML file with term sheets of your own; data/fund/term_sheets.toml shows the form.",
)


def sheets_of(path: Path | None) -> "dict[str, TermSheet]":
    """The term sheets of a file, the bundled ones where none is given."""
    from services.fund.fund_terms.sheets import read_term_sheets
    from services.runtime.bundled import bundled

    return read_term_sheets(bundled("fund/term_sheets.toml") if path is None else path)


def sheet_named(name: str, path: Path | None) -> "TermSheet":
    """One of them.

    Raises:
        NotFound: there is none of that name.
    """
    from services.runtime.errors import NotFound

    sheets = sheets_of(path)
    if name not in sheets:
        raise NotFound(f"term sheet {name!r}: known are {', '.join(sheets)}")
    return sheets[name]
