"""What commands print: tables for people, JSON for programs; progress goes to stderr."""

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import click

if TYPE_CHECKING:
    from rich.console import Console

json_option = click.option("--json", "as_json", is_flag=True, help="Machine-readable output alone on stdout.")


def print_json(value: Any) -> None:
    """Print a value (dataclasses, dates, decimals and arrays allowed) as one JSON document."""
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value, enc_hook=_encode), indent=2).decode())


def _encode(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"cannot print {type(value)} as JSON")


WIDTH_WITHOUT_TERMINAL = 140


def console() -> "Console":
    """Standard output; wide where nothing says how wide it is, so that a log is readable."""
    from rich.console import Console

    known = Console()
    is_width_known = known.is_terminal or "COLUMNS" in os.environ
    return known if is_width_known else Console(width=WIDTH_WITHOUT_TERMINAL)


def print_table(
    title: str, columns: Iterable[str], rows: Iterable[Iterable[str]], *, left: Collection[int] = (0,)
) -> None:
    """Print a table; columns at the positions `left` are text, the others numbers set flush right.

    A heading "中文 English" is written on two lines. The title is as wide as the terminal, not as the table.
    Where the terminal is narrow, text runs over lines; a number never does, for half of it is another number.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    for i, column in enumerate(columns):
        heading = column.replace(" ", "\n", 1)
        is_text = i in left
        table.add_column(
            Text(heading), justify="left" if is_text else "right", overflow="fold", no_wrap=not is_text
        )
    for row in rows:
        # As text: "[...]" in a name is a name, not a style of the terminal.
        table.add_row(*(Text(cell) for cell in row))
    out = console()
    out.print(Text(title, "bold"))
    out.print(table)


def wan(value_cny: float) -> str:
    """An amount in 万元, as its readers write it."""
    return f"{value_cny / 1e4:,.2f}"


def number_of(count: int, thing: str) -> str:
    """A number and what is counted in English: "1 loan", "1,200 loans"."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def percent(share: float) -> str:
    """A fraction as a percentage."""
    return f"{share * 100:.1f}%"


class Bar(Protocol):
    """What moves a progress bar."""

    def __call__(self, done: int, total: int, label: str | None = None) -> None:
        """Show how far it is, and what is being done where that has changed."""


@contextmanager
def progress(label: str, *, quiet: bool = False) -> Iterator[Bar]:
    """A progress bar on stderr; call the yielded function with (done, total)."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task(label, total=None)

        def update(done: int, total: int, label: str | None = None) -> None:
            bar.update(task, completed=done, total=total, description=label)

        yield update


@contextmanager
def waiting(label: str, *, quiet: bool = False) -> Iterator[None]:
    """What is being done and for how many seconds, on a terminal alone: for work that cannot say how far it is."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=quiet or not console.is_terminal
    ) as line:
        line.add_task(label, total=None)
        yield
