"""What the commands about the quality of loans share: which market and day, and how rules and warnings are printed."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from services.loans.book_terms.given import GivenTerms
    from services.loans.quality.rules import RuleUsed
    from services.runtime.market import MarketSnapshot

    T = TypeVar("T")

snapshot_option = click.option(
    "--snapshot",
    "snapshot_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Market snapshot in TOML; the bundled standard one when absent.",
)
as_of_option = click.option(
    "--as-of", "as_of", metavar="DAY", help="Day of the book, such as 2026-09-30; the snapshot's when absent."
)
loans_option = click.option(
    "--loan", "loan_ids", multiple=True, metavar="ID", help="Only this loan; repeatable."
)

curves_option = click.option(
    "--default-curves",
    "curve_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML with [[default_curves]]: cumulated default by year, by county, product, loan or grade, in place of "
    "those that the book keeps (loans terms); examples/loans/default-curves.toml shows the form.",
)
funds_option = click.option(
    "--funds",
    "fund_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML with [[compensation_funds]]: named risk-compensation funds by county, product or loan, in place of "
    "those that the book keeps (loans terms); examples/loans/compensation-funds.toml shows the form.",
)
without_terms_option = click.option(
    "--without-book-terms",
    is_flag=True,
    help="Leave out the default curves and funds that the book keeps; only those given here count.",
)


def terms_options(command: "Callable[..., T]") -> "Callable[..., T]":
    """Options of every question that depends on curves and funds: curve_file, fund_file, without_book_terms."""
    return curves_option(funds_option(without_terms_option(command)))


def exposure_in_words(*, by_quarters: bool) -> str:
    """What the exposure of a simulation is: it differs from the balance of today, which other commands print."""
    middle = "首季中点" if by_quarters else "一年中点"
    of = "the first quarter" if by_quarters else "the year"
    return f"敞口为{middle}按还款计划的余额 · exposure: balances scheduled for the middle of {of}"


def market(snapshot_file: Path | None) -> "MarketSnapshot":
    """The snapshot of a file, or the standard one.

    Raises:
        InvalidInput: no such file, or another one than a snapshot.
    """
    from services.runtime.errors import InvalidInput
    from services.runtime.market import read_snapshot
    from services.valuation.standard_market import STANDARD_PATH

    if snapshot_file is not None and not snapshot_file.suffix and not snapshot_file.exists():
        raise InvalidInput.of(
            "--snapshot",
            f"found {str(snapshot_file)!r}, expected a TOML file; the id of a stored snapshot goes to "
            "ecopledge refresh --snapshot-id",
        )
    return read_snapshot(STANDARD_PATH if snapshot_file is None else snapshot_file)


def given_terms(curve_file: Path | None, fund_file: Path | None, *, without_book_terms: bool) -> "GivenTerms":
    """What the options of `terms_options` give.

    Raises:
        InvalidInput: a file is missing or wrong.
    """
    from services.loans.book_terms.given import read_given_terms

    return read_given_terms(curve_file, fund_file, without_book_terms=without_book_terms)


def day_of(option: str, text: str | None) -> dt.date | None:
    """The day of an option.

    Raises:
        InvalidInput: it is none.
    """
    from services.runtime.errors import InvalidInput

    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise InvalidInput.of(option, f"found {text!r}, expected a day such as 2026-09-30") from None


def print_rule(rule: "RuleUsed") -> None:
    """The rule, and what of it is an assumption or to be confirmed."""
    from services.runtime.vocabulary.names import field_zh

    click.echo(f"规则 Rule: {rule.title_zh} · {rule.title_en}")
    click.echo(f"  自 {rule.in_force_from} 起 in force from {rule.in_force_from}")
    for note in rule.notes:
        kind = "假设 assumption" if note.is_assumption else "待核实 to be confirmed"
        click.echo(
            f"  [{kind}] {field_zh(note.parameter)} {note.parameter} = {note.value:g}: {note.citation}"
        )
