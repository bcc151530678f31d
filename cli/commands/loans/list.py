"""`ecopledge loans list`: the loans of the book."""

from typing import TYPE_CHECKING

import click

from cli.code_words import Words, group_words, print_codes
from cli.connection import services, target
from cli.examples import WithExamples
from cli.moments import moment_of
from cli.output import json_option, print_json, print_table, wan

if TYPE_CHECKING:
    from services.loans.loan import LoanRecord


@click.command(
    "list",
    cls=WithExamples,
    examples=(
        "ecopledge loans list --product water_right",
        "ecopledge loans list --known-at 2026-06-30T18:00+08:00",
    ),
)
@click.option("--product", help="Only loans of this product.")
@click.option("--county", help="Only loans of this county.")
@click.option(
    "--known-at",
    metavar="MOMENT",
    help="As the book was known at a moment, with a time zone; now when absent.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Show at most so many."
)
@target
@json_option
def command(
    product: str | None,
    county: str | None,
    known_at: str | None,
    limit: int,
    target: str | None,
    *,
    as_json: bool,
) -> int:
    """贷款清单 · The loans of the book in order of their ids, each in the state that is in force."""
    from itertools import islice

    from services.loans.client import LoansClient
    from services.loans.statistics.result import Grouping

    moment = moment_of("--known-at", known_at)
    with services(target, ("loans",)) as channel:
        found = (
            record
            for record in LoansClient(channel).list_loans(known_at=moment)
            if product in (None, record.loan.product) and county in (None, record.loan.county)
        )
        records = list(islice(found, limit + 1))
    shown = records[:limit]
    if as_json:
        print_json(shown)
        return 0
    product_words = group_words(Grouping.PRODUCT)
    print_table(
        "贷款 · Loans",
        ("贷款 Loan", "借款人 Borrower", "名称 Name", "县区 County", "产品 Product", "金额 Principal 万元", "利率 Rate",
         "到期 Matures", "状态日 As of", "押品 Pledges"),
        [_row(record, product_words) for record in shown],
        left=(0, 1, 2, 3, 4),
    )  # fmt: skip
    print_codes("产品代码 product codes", product_words, (record.loan.product for record in shown))
    if not shown:
        click.echo("没有贷款 · no loans")
    if len(records) > limit:
        click.echo(f"只列出前 {limit} 笔 · the first {limit} alone; --limit shows more")
    return 0


def _row(record: "LoanRecord", product: Words) -> list[str]:
    loan = record.loan
    return [
        loan.loan_id,
        loan.borrower_id,
        loan.name,
        loan.county,
        product(loan.product),
        wan(float(loan.terms.principal_cny)),
        f"{loan.terms.rate_annual:.2%}",
        str(loan.terms.matures_on),
        str(record.as_of),
        str(len(record.collateral_ids)),
    ]
