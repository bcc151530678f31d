"""`ecopledge fund waterfall FLOWS.csv`: given cash shared by terms, exact to the cent."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import services, target
from cli.examples import WithExamples
from cli.output import json_option, print_json, print_table
from cli.term_choice import sheet_named, sheets_option

if TYPE_CHECKING:
    from decimal import Decimal

    from services.fund.fund_terms.terms import FundTerms
    from services.fund.waterfall.result import WaterfallResult


@click.command(
    "waterfall",
    cls=WithExamples,
    examples=(
        "ecopledge fund waterfall examples/fund/flows.csv --terms american",
        "ecopledge fund waterfall examples/fund/flows.csv --terms benefit_sharing --json",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--terms", "name", required=True, metavar="NAME", help="Term sheet: `ecopledge fund terms list`."
)
@click.option("--stored", is_flag=True, help="NAME is a term sheet that the service keeps.")
@sheets_option
@target
@json_option
def command(
    file: Path, name: str, sheets: Path | None, target: str | None, *, stored: bool, as_json: bool
) -> int:
    """瀑布分配 · Share cash by terms, to the cent, and settle the fund with the last year.

    FLOWS.csv has the columns year, called, distributable and, if wanted, deal, county, realised; amounts in CNY. One
    row a year and deal; a row without a deal is the fund's own, such as its fee. Amounts are printed in CNY.
    """
    from cli.fund_files import read_flows
    from services.fund.client import FundClient

    flows, deals = read_flows(file)
    terms = None if stored else sheet_named(name, sheets).terms
    with services(target, ("fund",)) as channel:
        client = FundClient(channel)
        known = client.get_terms(name).terms if terms is None else terms
        result = client.run_waterfall(name if terms is None else terms, flows, deals)
    if as_json:
        print_json(result)
    else:
        _print(known, result)
    return 0


def _print(terms: "FundTerms", result: "WaterfallResult") -> None:
    from cli.fund_words import SETTLEMENT, name_of, step_words

    steps = [step_words(terms, step)[0] for step in terms.steps] + [SETTLEMENT]
    print_table(
        f"{terms.name}: 逐年支付 · Payments (元 CNY)",
        ("年 Year", "步骤 Step", "收款人 Recipient", "金额 Amount"),
        [
            [str(paid.year), steps[paid.step], name_of(terms, paid.recipient_id), _cny(paid.amount_cny)]
            for paid in result.payments
        ],
        left=(1, 2),
    )
    has_grassroots = any(partner.recipient_id == "grassroots" for partner in result.partners)
    columns = ["参与方 Recipient", "实缴 Paid in", "收到 Received", "内部收益率 IRR", "倍数 TVPI"]
    print_table(
        "各方合计 · Totals (元 CNY)",
        [*columns, "基层分享成本 Cost of grass roots"] if has_grassroots else columns,
        [
            [
                name_of(terms, partner.recipient_id),
                _cny(partner.paid_in_cny),
                _cny(partner.received_cny),
                "—" if partner.irr_annual is None else f"{partner.irr_annual:.2%}",
                "—" if partner.tvpi is None else f"{partner.tvpi:.3f}",
                *([_cny(partner.grassroots_cost_cny)] if has_grassroots else []),
            ]
            for partner in result.partners
        ],
    )
    if result.counties:
        print_table(
            "基层分享按县 · Grass roots by county (元 CNY)",
            ("县区 County", "金额 Amount"),
            [[benefit.county or "未注明 not told", _cny(benefit.amount_cny)] for benefit in result.counties],
        )
    click.echo(f"  业绩报酬 carry {_cny(result.carry_cny)}，回拨 given back {_cny(result.given_back_cny)}")
    if result.fees:
        years = f"{result.fees[0].year}–{result.fees[-1].year}"
        allowed = sum((fee.fee_cny for fee in result.fees), start=0)
        click.echo(
            f"  条款允许的管理费（第 {years} 年合计，应已含于出资，此处不另扣） "
            f"fee that the terms allow in years {years}, to be part of the calls, not deducted here: {allowed:,.2f}"
        )


def _cny(amount: "Decimal") -> str:
    return f"{amount:,.2f}"
