"""What commands print: tables for people, JSON for programs; progress goes to stderr."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Machine-readable output alone on stdout.")


def print_json(value: Any) -> None:
    """Print a value (dataclasses, dates, decimals and arrays allowed) as one JSON document."""
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value, enc_hook=_encode), indent=2).decode())


def _encode(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"cannot print {type(value)} as JSON")


def print_table(title: str, columns: Iterable[str], rows: Iterable[Iterable[str]], *, left: int = 1) -> None:
    """Print a table; the first `left` columns are text, the others numbers set flush right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def wan(value_cny: float) -> str:
    """An amount in 万元, as its readers write it."""
    return f"{value_cny / 1e4:,.2f}"


def percent(share: float) -> str:
    """A fraction as a percentage."""
    return f"{share * 100:.1f}%"


@contextmanager
def progress(label: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr; call the yielded function with (done, total)."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task(label, total=None)

        def update(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield update
