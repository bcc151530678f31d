"""`ecopledge loans simulate`: the loss of the book on simulated paths, and who makes its tail."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.caution_lines import print_brief_cautions
from cli.code_words import Words, coded, group_words
from cli.connection import services, target
from cli.examples import WithExamples
from cli.finite_numbers import FiniteRange
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
from cli.output import json_option, number_of, percent, print_json, print_table, progress, wan

if TYPE_CHECKING:
    from services.loans.portfolio import FanPoint, LossShare, PortfolioLoss

_SHOWN = 15


@click.command(
    "simulate",
    cls=WithExamples,
    examples=(
        "ecopledge loans simulate --quarters 12 --tail",
        "ecopledge loans simulate --paths 100000 --json",
        "ecopledge loans simulate --quarters 12 --default-curves examples/loans/default-curves.toml",
        "ecopledge loans simulate --quarters 12 --funds examples/loans/compensation-funds.toml",
    ),
)
@click.option(
    "--quarters", type=click.IntRange(1, 40), help="Quarter by quarter; one period of a year when absent."
)
@click.option(
    "--paths", type=click.IntRange(256, 10_000_000), default=20_000, show_default=True, help="Paths."
)
@click.option("--seed", type=click.IntRange(min=0), default=20_260_821, show_default=True, help="Seed.")
@click.option("--tail", is_flag=True, help="Draw paths of high losses more often, with weights that undo it.")
@click.option(
    "--fund-cap", type=FiniteRange(0.0), metavar="CNY", help="Most that the risk-compensation fund pays."
)
@click.option(
    "--confidence",
    type=click.Choice(["0.95", "0.99", "0.999"]),
    default="0.99",
    show_default=True,
    help="Of the expected shortfall that loans contribute to.",
)
@snapshot_option
@as_of_option
@loans_option
@terms_options
@target
@json_option
def command(
    quarters: int | None,
    paths: int,
    seed: int,
    fund_cap: float | None,
    confidence: str,
    snapshot_file: Path | None,
    as_of: str | None,
    loan_ids: tuple[str, ...],
    curve_file: Path | None,
    fund_file: Path | None,
    target: str | None,
    *,
    tail: bool,
    without_book_terms: bool,
    as_json: bool,
) -> int:
    """组合损失 · Expected loss, tail and fans of the book; amounts are printed in 万元, --json prints CNY."""
    from services.loans.client import LoansClient
    from services.loans.portfolio import Sampling

    terms = given_terms(curve_file, fund_file, without_book_terms=without_book_terms)
    with (
        services(target, ("loans",)) as channel,
        progress("模拟 · simulating", quiet=as_json) as update,
    ):
        loss = LoansClient(channel).simulate_portfolio(
            market(snapshot_file),
            as_of=day_of("--as-of", as_of),
            loan_ids=loan_ids,
            n_paths=paths,
            seed=seed,
            n_quarters=quarters,
            sampling=Sampling.TOWARDS_TAIL if tail else Sampling.PLAIN,
            fund_cap_cny=fund_cap,
            contribution_confidence=float(confidence),
            **terms.arguments(),
            on_progress=lambda event: update(event.paths_done, event.paths_total),
        )
    if as_json:
        print_json(loss)
    else:
        _print(loss)
    return 0


def _print(loss: "PortfolioLoss") -> None:
    from services.loans.statistics.result import Grouping

    span = "一年 one year" if loss.n_quarters is None else f"{loss.n_quarters} 个季度 quarters"
    click.echo(
        f"组合损失 · Loss of {number_of(loss.n_loans, 'loan')}, 敞口 exposure {wan(loss.exposure_cny)} 万元, {span}"
    )
    click.echo(f"  {exposure_in_words(by_quarters=loss.n_quarters is not None)}")
    effective = "" if loss.effective_paths is None else f", 有效 effective {loss.effective_paths:,.0f}"
    click.echo(f"  路径 paths {loss.manifest.n_paths:,}{effective}, 种子 seed {loss.manifest.seed}")
    rows = [
        [
            "预期损失 Expected",
            wan(loss.expected_loss_cny),
            f"± {wan(loss.expected_loss_error_cny)}",
            "",
            "",
            "",
        ],
        ["非预期损失 Unexpected", wan(loss.unexpected_loss_cny), "", "", "", ""],
    ]
    rows += [
        [f"VaR {figure.confidence:.1%}", wan(figure.value_at_risk_cny),
         f"{wan(figure.value_at_risk_low_cny)} – {wan(figure.value_at_risk_high_cny)}",
         wan(figure.expected_shortfall_cny), f"± {wan(figure.expected_shortfall_error_cny)}",
         "" if figure.effective_paths is None else f"{figure.effective_paths:,.0f}"]
        for figure in loss.tail
    ]  # fmt: skip
    print_table(
        "损失 · Loss (万元)",
        ("指标 Figure", "金额 Amount", "误差/95%区间 Error", "ES ES", "误差 Error", "有效路径 Paths"),
        rows,
    )
    level = "" if loss.contribution_confidence is None else f"{loss.contribution_confidence:.1%}"
    for title, shares, words in (
        ("按县区 · By county", loss.by_county, group_words(Grouping.COUNTY)),
        ("按产品 · By product", loss.by_product, coded(group_words(Grouping.PRODUCT))),
        (
            "按担保方式 · By guarantee mode",
            loss.by_guarantee_mode,
            coded(group_words(Grouping.GUARANTEE_MODE)),
        ),
        ("贡献最大的贷款 · Loans that contribute most", loss.by_loan, str),
    ):
        _print_shares(f"{title} (万元)", level, shares, words)
    _print_fan("不良率 · Non-performing ratio", loss.npl)
    _print_fan("抵押率 · Loan to value of the secured part", loss.ltv)
    if loss.fund is not None:
        click.echo(
            f"风险补偿基金 · Compensation fund: 上限 cap {wan(loss.fund.cap_cny)}, 平均支付 mean payment "
            f"{wan(loss.fund.payment_mean_cny)} 万元, 用尽概率 exhausted {percent(loss.fund.exhausted_probability)}"
        )
    if loss.named_funds:
        print_table(
            "风险补偿资金池 · Compensation funds (万元)",
            ("资金池 Fund", "贷款 Loans", "最多支付 Limit", "平均支付 Mean", "用尽概率 Exhausted", "依据 Basis"),
            [
                [fund.name, f"{fund.n_loans:,}", wan(fund.cap_cny), wan(fund.payment_mean_cny),
                 percent(fund.exhausted_probability), fund.basis]
                for fund in loss.named_funds
            ],
            left=(0, 5),
        )  # fmt: skip
    print_brief_cautions(loss.cautions)


def _print_shares(title: str, level: str, shares: "Sequence[LossShare]", words: Words) -> None:
    largest = sorted(shares, key=_in_tail, reverse=True)[:_SHOWN]
    print_table(
        title,
        ("项目 Item", "敞口 Exposure", "预期损失 Expected", f"ES贡献 {level}", "违约 Defaults", "押品 Collateral"),
        [
            [words(share.key), wan(share.exposure_cny), wan(share.expected_loss_cny),
             wan(_in_tail(share)), f"{share.defaults_mean:.3f}", wan(share.collateral_mean_cny)]
            for share in largest
        ],
    )  # fmt: skip
    if len(shares) > len(largest):
        click.echo(f"  另有 {len(shares) - len(largest):,} 项 · more; --json lists all")


def _in_tail(share: "LossShare") -> float:
    return 0.0 if share.tail_contribution_cny is None else share.tail_contribution_cny


def _print_fan(title: str, points: "Sequence[FanPoint]") -> None:
    if not points:
        return
    yearly = [point for point in points if point.end_years % 1.0 == 0.0] or points[-1:]
    print_table(
        title,
        ("年末 Year", "均值 Mean", *(f"P{probability * 100:g} P" for probability, _ in yearly[0].quantiles)),
        [
            [f"{point.end_years:g}", percent(point.mean), *(percent(value) for _, value in point.quantiles)]
            for point in yearly
        ],
    )
