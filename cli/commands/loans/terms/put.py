"""`ecopledge loans terms put`: store the default curves and risk-compensation funds of the book."""

from pathlib import Path

import click

from cli.connection import services, target
from cli.examples import WithExamples
from cli.loan_quality import day_of
from cli.output import json_option, print_json

_KINDS = ("default-curves", "funds")


@click.command(
    "put",
    cls=WithExamples,
    examples=(
        "ecopledge loans terms put --as-of 2026-06-30 --default-curves examples/loans/default-curves.toml",
        "ecopledge loans terms put --as-of 2026-06-30 --funds examples/loans/compensation-funds.toml",
        "ecopledge loans terms put --as-of 2026-10-01 --withdraw funds",
    ),
)
@click.option("--as-of", "as_of", metavar="DAY", required=True, help="First day on which they are in force.")
@click.option(
    "--default-curves",
    "curve_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML with [[default_curves]], all of them; examples/loans/default-curves.toml shows the form.",
)
@click.option(
    "--funds",
    "fund_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML with [[compensation_funds]], all of them; examples/loans/compensation-funds.toml shows the form.",
)
@click.option(
    "--withdraw",
    "withdrawn",
    multiple=True,
    type=click.Choice(_KINDS),
    help="None from that day on; repeatable.",
)
@target
@json_option
def command(
    as_of: str,
    curve_file: Path | None,
    fund_file: Path | None,
    withdrawn: tuple[str, ...],
    target: str | None,
    *,
    as_json: bool,
) -> int:
    """存储条款版本 · Store curves, funds or both as a new version; what is in force already changes nothing.

    A file takes the place of all curves, or all funds, from its day on; the versions before it stay and count for the
    days before. What a file does not name is withdrawn.
    """
    from services.loans.book_terms.client import BookTermsClient
    from services.loans.book_terms.given import read_given_terms
    from services.loans.book_terms.terms import TermsKind, TermsTable

    day = day_of("--as-of", as_of)
    assert day is not None  # noqa: S101  # the option is required; tells mypy
    for name, file in (("default-curves", curve_file), ("funds", fund_file)):
        if name in withdrawn and file is not None:
            raise click.UsageError(f"found --{name} and --withdraw {name}, expected one of them")
    given = read_given_terms(curve_file, fund_file)
    tables = []
    if curve_file is not None or "default-curves" in withdrawn:
        tables.append(TermsTable(TermsKind.DEFAULT_CURVES, given.default_curves))
    if fund_file is not None or "funds" in withdrawn:
        tables.append(TermsTable(TermsKind.COMPENSATION_FUNDS, given.compensation_funds))
    if not tables:
        raise click.UsageError("expected --default-curves, --funds or --withdraw")
    with services(target, ("loans",)) as channel:
        counts = BookTermsClient(channel).put(day, tables)
    if as_json:
        print_json(counts)
    else:
        click.echo(
            f"新版本 new versions {counts.stored}, 未变 unchanged {counts.unchanged}; 自 {day} 起 in force from {day}"
        )
    return 0
