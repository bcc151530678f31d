"""What a careful reader should know about the figures of a simulated fund."""

from collections.abc import Iterator

from quant.fund_paths.simulation import FundRules
from services.fund.simulation.outcome import FundSimulation
from services.runtime.results import Caution, Severity


def cautions_of(
    request: FundSimulation, rules: FundRules, called_cny: float, line_is_drawn: bool, stride: int
) -> Iterator[Caution]:
    """Everything worth saying about a simulation.

    Args:
        request: what was asked.
        rules: what it ran by.
        called_cny: mean capital called.
        line_is_drawn: whether a path needs the liquidity line.
        stride: quantiles come from every so-many-th path.
    """
    if called_cny == 0.0:
        yield Caution(
            "FUND_CALLS_NOTHING",
            Severity.WARNING,
            "基金未向任何项目出资,各项指标没有意义",
            "The fund calls no capital: the measures mean nothing",
        )
    if rules.plan.rows_beyond:
        yield Caution(
            "ROWS_AFTER_FUND_LIFE",
            Severity.WARNING,
            f"有 {rules.plan.rows_beyond} 行经营现金流落在基金存续期之后,未计入;相关项目未约定退出",
            f"{rules.plan.rows_beyond} operating rows fall after the fund's life and do not count: their projects have "
            "no sale",
        )
    if line_is_drawn:
        yield Caution(
            "LIQUIDITY_LINE_NEEDED",
            Severity.WARNING,
            "部分路径上认缴资本不足以覆盖超支、延期和管理费,缺口按流动性贷款计息补足",
            "On some paths commitments do not cover overruns, delays and the fee: the gap is bridged by a line at "
            f"{request.liquidity_rate_annual:.2%} a year",
        )
    if stride > 1:
        yield Caution(
            "QUANTILES_FROM_SOME_PATHS",
            Severity.NOTE,
            f"均值取自全部路径,分位数取自每 {stride} 条路径中的一条",
            f"Means are over all paths, quantiles over one path in {stride}",
        )
    if request.snapshot.as_of.year != request.first_year:
        yield Caution(
            "FIRST_YEAR_IS_NOT_THE_MARKETS",
            Severity.NOTE,
            f"市场快照日期为 {request.snapshot.as_of},基金首年为 {request.first_year};模型把快照日期视为首次交割日",
            f"The market is of {request.snapshot.as_of}, the fund's first year is {request.first_year}; the date of "
            "the market counts as the first closing",
        )
    ignored = [
        investment.project_id
        for investment in request.investments
        if investment.operations.terms.event_intensity > 0.0
    ]
    if ignored:
        names = ", ".join(ignored)
        yield Caution(
            "LOSS_OF_RIGHT_NOT_SIMULATED",
            Severity.NOTE,
            f"项目 {names} 的权利灭失强度未在基金模拟中使用",
            f"The event intensity of {names} is not used in the simulation of the fund",
        )
