"""`ecopledge loans wrong-way`: what it costs that collateral falls where borrowers default."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.caution_lines import print_brief_cautions
from cli.code_words import Words, coded, factor_words
from cli.connection import services, target
from cli.examples import WithExamples
from cli.loan_quality import (
    as_of_option,
    day_of,
    exposure_in_words,
    given_terms,
    loans_option,
    market,
    snapshot_option,
    terms_options,
)
from cli.output import json_option, number_of, percent, print_json, print_table, waiting, wan

if TYPE_CHECKING:
    from services.loans.simulation.link import WrongWayRisk


@click.command("wrong-way", cls=WithExamples, examples=("ecopledge loans wrong-way --quarters 12",))
@click.option("--quarters", type=click.IntRange(1, 40), default=12, show_default=True, help="Quarters.")
@click.option(
    "--paths", type=click.IntRange(256, 1_000_000), default=20_000, show_default=True, help="Paths."
)
@snapshot_option
@as_of_option
@loans_option
@terms_options
@target
@json_option
def command(
    quarters: int,
    paths: int,
    snapshot_file: Path | None,
    as_of: str | None,
    loan_ids: tuple[str, ...],
    curve_file: Path | None,
    fund_file: Path | None,
    target: str | None,
    *,
    without_book_terms: bool,
    as_json: bool,
) -> int:
    """错向风险 · The same book with its collateral on the borrowers' paths, and cut loose from them."""
    from services.loans.portfolio import PortfolioQuestion
    from services.loans.simulation.client import BookStressClient

    terms = given_terms(curve_file, fund_file, without_book_terms=without_book_terms)
    question = PortfolioQuestion(
        market(snapshot_file),
        day_of("--as-of", as_of),
        loan_ids,
        n_paths=paths,
        n_quarters=quarters,
        **terms.arguments(),
    )
    with (
        services(target, ("loans",)) as channel,
        waiting("错向风险 · the book, linked and cut loose", quiet=as_json),
    ):
        risk = BookStressClient(channel).wrong_way_risk(question)
    if as_json:
        print_json(risk)
    else:
        _print(risk, coded(factor_words(question.snapshot)))
    return 0


def _print(risk: "WrongWayRisk", factor: Words) -> None:
    click.echo(
        f"错向风险 · Wrong-way risk: {number_of(risk.n_loans, 'loan')}, 敞口 exposure {wan(risk.exposure_cny)} 万元"
    )
    click.echo(f"  {exposure_in_words(by_quarters=True)}")
    sides = (("押品与借款人同路径 linked", risk.together), ("押品独立同分布 cut loose", risk.apart))
    print_table(
        "并列 · Side by side (万元)",
        ("押品 Collateral", "预期损失 Expected", "误差 Error", "VaR99.9 VaR", "ES99.9 ES", "违约时押品 In default"),
        [
            [name, wan(side.expected_loss_cny), f"± {wan(side.expected_loss_error_cny)}",
             wan(side.value_at_risk_cny), wan(side.expected_shortfall_cny),
             "" if side.collateral_in_default_ratio is None else percent(side.collateral_in_default_ratio)]
            for name, side in sides
        ],
    )  # fmt: skip
    click.echo(
        f"  差额 difference {wan(risk.expected_loss_difference_cny)} ± "
        f"{wan(risk.expected_loss_difference_error_cny)} 万元, 同样的违约 on the same defaults"
    )
    if risk.drivers:
        _print_drivers(risk, factor)
    print_brief_cautions(risk.cautions)


def _print_drivers(risk: "WrongWayRisk", factor: Words) -> None:
    whole = math.fsum(share.expected_loss_cny for share in risk.drivers)
    shares = [
        (factor(share.factor), share.expected_loss_cny, share.expected_loss_error_cny)
        for share in risk.drivers
    ]
    print_table(
        "各因子的份额 · Shares of the factors (Shapley, 万元)",
        ("因子 Factor", "份额 Share", "标准误 Error"),
        [
            [name, wan(share), f"± {wan(error)}"]
            for name, share, error in (*shares, ("合计 sum", whole, risk.drivers_error_cny))
        ],
    )
    click.echo(
        "  由给定因子的期望损失另算（路径较少），与差额之差为抽样误差和未计的基金上限\n"
        "  from expected losses given the factors, on fewer paths; what parts their sum from the difference is "
        "sampling error and the caps of funds, which it leaves out"
    )
