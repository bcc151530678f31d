"""`ecopledge fund simulate [FILE]`: what each partner may get back, when, and what the fund must bridge."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.asking import SHOWN_QUESTION, asked_fund, question_file
from cli.caution_lines import print_assumption_count, print_brief_cautions
from cli.connection import target
from cli.examples import WithExamples
from cli.output import json_option, percent, print_json, print_table, progress, wan

if TYPE_CHECKING:
    from services.fund.fund_terms.terms import FundTerms
    from services.fund.simulation.outcome import FundOutcome, PartnerOutcome
    from services.runtime.results import Distribution


@click.command(
    "simulate",
    cls=WithExamples,
    examples=("ecopledge fund simulate", f"ecopledge fund simulate {SHOWN_QUESTION} --paths 20000 --json"),
)
@question_file
@click.option("--paths", type=click.IntRange(256, 1_000_000), help="Paths; otherwise as the file says.")
@target
@json_option
def command(file: Path | None, paths: int | None, target: str | None, *, as_json: bool) -> int:
    """基金模拟 · Simulate the fund of a question: projects, calls, distributions, liquidity.

    Without FILE: the bundled question. Amounts are printed in 万元; --json prints CNY.
    """
    with asked_fund(file, target, paths) as (client, asked), progress("simulate", quiet=as_json) as update:
        simulation = asked.simulation
        outcome = client.simulate(
            simulation, on_progress=lambda event: update(event.paths_done, event.paths_total)
        )
    if as_json:
        print_json(outcome)
    else:
        print_outcome(simulation.terms, simulation.first_year, outcome)
    return 0


def print_outcome(terms: "FundTerms", first_year: int, outcome: "FundOutcome") -> None:
    """Print what a manager asks first: partners, leverage, cash by year, projects in trouble, warnings."""
    print_table(
        f"{terms.name}：各方结果 · Outcome of each partner (万元, {outcome.manifest.n_paths:,} paths)",
        (
            "出资方 Partner",
            "实缴均值 Paid in",
            "收回均值 Received",
            "IRR P5",
            "IRR P50",
            "IRR P95",
            "TVPI P50",
            "回本年数 Payback",
            "亏损概率 Loss",
        ),
        [_partner_row(name, each) for name, each in _named(terms, outcome)],
    )
    if any(each.at_years for each in outcome.partners):
        print_table(
            "分年倍数（中位数）· Multiples by year (medians)",
            ("出资方 Partner", "年份 Year", "DPI", "RVPI"),
            [
                [name, str(first_year + at.year), _quantile(at.dpi), _quantile(at.rvpi)]
                for name, each in _named(terms, outcome)
                for at in each.at_years
                if at.dpi is not None
            ],
        )
    _print_leverage(outcome)
    print_table(
        "分年现金 · Cash by year (万元)",
        (
            "年份 Year",
            "缴款均值 Called",
            "流动性缺口P95 Gap P95",
            "流动性贷款P95 Line P95",
            "项目偿债缺口均值 Project shortfall",
            "累计净现金P5 J-curve P5",
            "P50",
            "P95",
        ),
        [
            [
                str(first_year + cash.year),
                wan(cash.called_cny.mean),
                wan(cash.gap_cny.quantile(0.95)),
                wan(cash.line_cny.quantile(0.95)),
                wan(cash.project_shortfall_cny.mean),
                *(wan(point.cumulated_cny.quantile(level)) for level in (0.05, 0.5, 0.95)),
            ]
            for cash, point in zip(outcome.liquidity, outcome.j_curve, strict=True)
        ],
    )
    print_brief_cautions(outcome.cautions)
    print_assumption_count(len(outcome.assumptions))


def _print_leverage(outcome: "FundOutcome") -> None:
    ratios = [f"项目/基金 project to fund {outcome.leverage_project_to_fund:.1f} 倍"]
    if outcome.leverage_fund_to_fiscal is not None and outcome.leverage_project_to_fiscal is not None:
        ratios.append(f"基金/财政 fund to fiscal {outcome.leverage_fund_to_fiscal:.1f} 倍")
        ratios.append(f"项目/财政 project to fiscal {outcome.leverage_project_to_fiscal:.1f} 倍")
    click.echo("  杠杆 Leverage: " + "；".join(ratios))
    click.echo(
        f"  需要流动性贷款的概率 line needed {percent(outcome.probability_line_needed)}；"
        f"峰值P95 peak P95 {wan(outcome.peak_line_cny.quantile(0.95))} 万元；"
        f"到期未还 unpaid {percent(outcome.probability_line_unpaid)}"
    )
    if outcome.jobs is not None:
        click.echo(f"  就业 Jobs: {outcome.jobs.mean:,.0f}")
    if outcome.gep_cny_per_year is not None:
        click.echo(f"  年 GEP 贡献 GEP a year: {wan(outcome.gep_cny_per_year.mean)} 万元")


def _named(terms: "FundTerms", outcome: "FundOutcome") -> "list[tuple[str, PartnerOutcome]]":
    names = {partner.partner_id: partner.name for partner in terms.partners}
    return [(names.get(each.recipient_id, "基层 grass roots"), each) for each in outcome.partners]


def _partner_row(name: str, each: "PartnerOutcome") -> list[str]:
    rates = each.irr_annual
    pays = each.tvpi is not None
    return [
        name,
        wan(each.paid_in_cny.mean),
        wan(each.received_cny.mean),
        *("–" if rates is None else percent(rates.quantile(level)) for level in (0.05, 0.5, 0.95)),
        _quantile(each.tvpi),
        "–" if each.payback_years is None else f"{each.payback_years.quantile(0.5):.0f}",
        percent(each.probability_of_loss) if pays else "–",
    ]


def _quantile(distribution: "Distribution | None") -> str:
    return "–" if distribution is None else f"{distribution.quantile(0.5):.2f}"
