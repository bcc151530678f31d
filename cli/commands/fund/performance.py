"""`ecopledge fund performance LEDGER.csv`: a ledger measured, by itself and beside an index."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.caution_lines import print_brief_cautions
from cli.connection import services, target
from cli.examples import WithExamples
from cli.output import json_option, print_json, print_table, wan

if TYPE_CHECKING:
    from services.fund.performance.ledger import AccountPerformance, LedgerPerformance

NOTHING = "—"


@click.command(
    "performance",
    cls=WithExamples,
    examples=(
        "ecopledge fund performance examples/fund/ledger.csv --index examples/fund/index.csv",
        "ecopledge fund performance examples/fund/ledger.csv --as-of 2026-06-30 --json",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--index",
    "index_file",
    type=click.Path(path_type=Path),
    metavar="INDEX.csv",
    help="Levels of a total-return index with the columns date and level.",
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Day to which performance is measured. Default: that of the last entry.",
)
@target
@json_option
def command(
    file: Path, index_file: Path | None, as_of: dt.datetime | None, target: str | None, *, as_json: bool
) -> int:
    """业绩计量 · Measure a ledger: rate of return, multiples, payback, public-market equivalents.

    LEDGER.csv has the columns date, account (deal or partner), kind (contribution, distribution, nav) and amount (CNY).
    Amounts are printed in 万元; --json prints CNY.
    """
    from cli.fund_files import read_index, read_ledger
    from services.fund.client import FundClient

    entries = read_ledger(file)
    levels = () if index_file is None else read_index(index_file)
    day = None if as_of is None else as_of.date()
    with services(target, ("fund",)) as channel:
        found = FundClient(channel).measure_performance(entries, levels, as_of=day)
    if as_json:
        print_json(found)
    else:
        _print(found)
    return 0


def _print(found: "LedgerPerformance") -> None:
    print_table(
        f"业绩 · Performance (万元), {found.as_of}",
        (
            "账户 Account",
            "实缴 Paid in",
            "已分配 Received",
            "净值 NAV",
            "内部收益率 XIRR",
            "DPI",
            "RVPI",
            "TVPI",
            "回本年数 Payback",
        ),
        [
            [
                _name(account),
                wan(float(account.paid_in_cny)),
                wan(float(account.received_cny)),
                wan(float(account.nav_cny)),
                _rate(account.irr_annual),
                f"{account.dpi:.3f}",
                f"{account.rvpi:.3f}",
                f"{account.tvpi:.3f}",
                NOTHING if account.payback_years is None else f"{account.payback_years:.1f}",
            ]
            for account in found.accounts
        ],
    )
    if any(account.equivalents is not None for account in found.accounts):
        print_table(
            "对标公开市场 · Public-market equivalents",
            ("账户 Account", "KS-PME", "Long-Nickels", "PME+", "直接超额 Direct alpha"),
            [
                [
                    _name(account),
                    f"{account.equivalents.ks_pme:.3f}",
                    _rate(account.equivalents.long_nickels),
                    _rate(account.equivalents.pme_plus),
                    _rate(account.equivalents.direct_alpha),
                ]
                for account in found.accounts
                if account.equivalents is not None
            ],
        )
    for account in found.accounts:
        print_brief_cautions(account.cautions, _name(account))


def _name(account: "AccountPerformance") -> str:
    return account.account_id or "全部 All"


def _rate(rate: float | None) -> str:
    return NOTHING if rate is None else f"{rate:.2%}"
