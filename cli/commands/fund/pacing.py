"""`ecopledge fund pacing`: the pace of a commitment whose projects are not known."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.caution_lines import print_brief_cautions
from cli.connection import services, target
from cli.examples import WithExamples
from cli.finite_numbers import FiniteNumber
from cli.output import json_option, print_json, print_table, wan

if TYPE_CHECKING:
    from services.fund.performance.pacing import ObservedFlows, PacedPlan, PacingParameters


@click.command(
    "pacing",
    cls=WithExamples,
    examples=(
        "ecopledge fund pacing --commitment 1e9 --life 12 --rates 0.25,0.333,0.5 --bow 2.5 --growth 0.13",
        "ecopledge fund pacing --commitment 1e9 --life 12 --observed examples/fund/observed.csv",
    ),
)
@click.option("--commitment", type=FiniteNumber(), required=True, metavar="CNY", help="Commitment, CNY.")
@click.option("--life", type=click.IntRange(1, 50), required=True, metavar="YEARS", help="Years of life.")
@click.option("--rates", metavar="R,R,...", help="Share of the open commitment called in years 1, 2, ...")
@click.option("--bow", type=FiniteNumber(), help="Bow: a larger one distributes later.")
@click.option("--growth", type=FiniteNumber(), help="Growth of net asset value a year.")
@click.option(
    "--yield",
    "yield_rate",
    type=FiniteNumber(),
    default=0.0,
    show_default=True,
    help="Least share distributed a year.",
)
@click.option(
    "--observed",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Fit rates, bow and growth to a CSV file with the columns year, contribution, distribution, nav.",
)
@click.option("--n-rates", type=click.IntRange(1), help="Contribution rates to fit. Default: 3.")
@target
@json_option
def command(
    commitment: float,
    life: int,
    rates: str | None,
    bow: float | None,
    growth: float | None,
    yield_rate: float,
    observed: Path | None,
    n_rates: int | None,
    target: str | None,
    *,
    as_json: bool,
) -> int:
    """出资与分配节奏 · Pace a commitment after Takahashi and Alexander, or fit the pace to observed flows.

    Amounts are printed in 万元; --json prints CNY.
    """
    from services.fund.client import FundClient
    from services.fund.performance.pacing import PacingQuestion

    source = _source(rates, bow, growth, observed, n_rates)
    with services(target, ("fund",)) as channel:
        plan = FundClient(channel).pace_commitment(PacingQuestion(commitment, life, source, yield_rate))
    if as_json:
        print_json(plan)
    else:
        _print(plan)
    return 0


def _source(
    rates: str | None, bow: float | None, growth: float | None, observed: Path | None, n_rates: int | None
) -> "PacingParameters | ObservedFlows":
    from cli.fund_files import read_observed
    from services.fund.performance.pacing import PacingParameters

    given = [value for value in (rates, bow, growth) if value is not None]
    if observed is not None:
        if given:
            raise click.UsageError("found --observed beside --rates, --bow or --growth, expected one of both")
        return read_observed(observed, n_rates)
    if rates is None or bow is None or growth is None:
        raise click.UsageError("expected --rates, --bow and --growth, or --observed FILE")
    try:
        shares = tuple(float(rate) for rate in rates.split(","))
    except ValueError:
        raise click.UsageError(f"--rates: found {rates!r}, expected numbers such as 0.25,0.333,0.5") from None
    return PacingParameters(shares, bow, growth)


def _print(plan: "PacedPlan") -> None:
    print_table(
        "出资与分配节奏 · Pacing (万元)",
        ("年 Year", "出资 Contribution", "分配 Distribution", "净值 NAV"),
        [
            [str(year.year), wan(year.contribution_cny), wan(year.distribution_cny), wan(year.nav_cny)]
            for year in plan.years
        ],
        left=(),
    )
    fitted = plan.parameters
    precision = plan.precision
    shares = " / ".join(f"{rate:.1%}" for rate in fitted.contribution_rates)
    last = "" if precision is None else _error(precision.last_rate_error)
    bow = "" if precision is None else _error(precision.bow_error)
    growth = "" if precision is None else _error(precision.growth_error)
    click.echo(f"  出资比例 contribution rates: {shares}{last}")
    click.echo(f"  弓形参数 bow: {fitted.bow:.3f}{bow}；净值增长 growth: {fitted.growth_annual:.3%}{growth}")
    if precision is not None:
        click.echo(f"  拟合误差 rms error: {precision.rms_error:.3%} 认缴额 of the commitment")
    if plan.irr_annual is not None:
        click.echo(f"  内部收益率 IRR: {plan.irr_annual:.2%}")
    print_brief_cautions(plan.cautions)


def _error(error: float | None) -> str:
    return " (s.e. —)" if error is None else f" (s.e. {error:.2g})"
