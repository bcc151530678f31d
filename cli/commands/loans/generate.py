"""`ecopledge loans generate`: a synthetic book for demonstrations, seeded by the published cases."""

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import services, target
from cli.examples import WithExamples
from cli.output import json_option, print_json

if TYPE_CHECKING:
    from services.loans.client import LoansClient
    from services.loans.loan import PutCounts
    from services.loans.synthetic.book import SyntheticLoan

DEFAULT_SEED = 20260821


@click.command(
    "generate",
    cls=WithExamples,
    examples=(
        "ecopledge loans generate --loans 500 --out out/synthetic.xlsx",
        "ecopledge loans generate --loans 100000 --seed 7 --out out/synthetic.parquet --store",
    ),
)
@click.option(
    "--loans",
    "n_loans",
    type=click.IntRange(1, 9_999_999),
    default=500,
    show_default=True,
    help="How many loans.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=DEFAULT_SEED,
    show_default=True,
    help="The same seed gives the same book.",
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    default="2026-06-30",
    show_default=True,
    help="Last reporting day, the end of a quarter.",
)
@click.option(
    "--quarters",
    type=click.IntRange(1, 40),
    default=4,
    show_default=True,
    help="Quarters with movements up to that day.",
)
@click.option("--out", type=click.Path(path_type=Path), help="A name that ends in .xlsx, .csv or .parquet.")
@click.option(
    "--store",
    is_flag=True,
    help="Store the book as well, with a pledge behind every loan, which files do not have.",
)
@target
@json_option
def command(
    n_loans: int,
    seed: int,
    as_of: dt.datetime,
    quarters: int,
    out: Path | None,
    target: str | None,
    *,
    store: bool,
    as_json: bool,
) -> int:
    """生成合成贷款簿 · Draw a synthetic book: loans, balances of past quarters, movements. No bank has these loans.

    Products, places and sizes follow the published cases; everything else is an assumption of
    data/demonstration/synthetic_book.toml. Every row says that it is synthetic; the files can be imported, without
    their pledges: only --store puts a pledge behind every loan.
    """
    from flows.synthetic_book.drawing import read_recipe
    from flows.synthetic_book.files import write_book
    from flows.synthetic_book.storing import store_book
    from services.loans.client import LoansClient
    from services.loans.importing.client import ImportClient
    from services.loans.synthetic.book import MARK, synthetic_loans
    from services.runtime.errors import InvalidInput
    from services.valuation.client import ValuationClient

    if out is None and not store:
        raise InvalidInput.of("--out", "is missing, expected a file to write, or --store")
    drawn_from = read_recipe(as_of.date(), quarters)

    def draw() -> "Iterator[SyntheticLoan]":
        return synthetic_loans(drawn_from.recipe, n_loans, seed)

    counts, paths = ({}, ()) if out is None else write_book(out, draw())
    stored, n_before = None, 0
    if store:
        with services(target, ("valuation", "loans")) as channel:
            n_before = _other_loans(LoansClient(channel), draw())
            stored = store_book(
                drawn_from, draw, ValuationClient(channel), ImportClient(channel), LoansClient(channel)
            )
    if as_json:
        print_json(
            {
                "note": MARK,
                "seed": seed,
                "rows": counts,
                "files": [str(path) for path in paths],
                "stored": stored,
                "other_loans_stored": n_before,
            }
        )
        return 0
    click.echo(f"{MARK}: 合成贷款簿，并非任何银行的贷款 · a synthetic book, no bank's loans (seed {seed})")
    for table, n in counts.items():
        click.echo(f"  {table}: {n:,}")
    for path in paths:
        click.echo(f"  → {path}")
    if stored is not None:
        for name in ("loans", "positions", "movements", "pledges"):
            click.echo(f"  stored · 已入库 {name}: {_said(getattr(stored, name))}")
    if n_before > 0:
        click.echo(
            f"注意：该机构原有 {n_before:,} 笔其他贷款；一个机构只有一本账，此后的报告将同时包含二者。\n"
            f"Note: the institution had {n_before:,} other loans already; one institution is one book, so reports will "
            "show both. ECOPLEDGE_INSTITUTION_ID names another."
        )
    return 0


def _other_loans(loans: "LoansClient", drawn: "Iterable[SyntheticLoan]") -> int:
    """How many stored loans of the institution are none of the drawn book."""
    stored = {record.loan.loan_id for record in loans.list_loans()}
    return len(stored.difference(item.loan.loan_id for item in drawn))


def _said(counts: "PutCounts") -> str:
    return f"created {counts.created:,}, updated {counts.updated:,}, unchanged {counts.unchanged:,}"
