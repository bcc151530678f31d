"""Cash of a fund by year: the J-curve, calls, leverage three ways, what must be bridged."""

from collections.abc import Sequence

from flows.reports.blocks import cell
from flows.reports.charts.model import Band, FanChart
from flows.reports.document import Cell, ColumnKind, Row, Table
from flows.reports.figures import CNY_PER_YI, percent
from flows.reports.fund_tables.wording import heading, text, title
from flows.reports.labels import label
from services.fund.simulation.outcome import FundOutcome
from services.runtime.results import Distribution

_BANDS = ((0.05, 0.95), (0.25, 0.75))


def j_curve(outcome: FundOutcome, first_year: int) -> FanChart:
    """Cumulated net cash of all partners."""
    points = [point.cumulated_cny for point in outcome.j_curve]
    return _fan("axis.cumulated_yi", [first_year + point.year for point in outcome.j_curve], points)


def call_chart(outcome: FundOutcome, first_year: int) -> FanChart:
    """Capital called a year."""
    points = [point.called_cny for point in outcome.liquidity]
    return _fan("fund_axis.called_yi", [first_year + point.year for point in outcome.liquidity], points)


def _fan(axis: str, years: Sequence[int], points: Sequence[Distribution]) -> FanChart:
    def path(probability: float) -> tuple[float, ...]:
        return tuple(point.quantile(probability) / CNY_PER_YI for point in points)

    reported = {quantile.probability for point in points for quantile in point.quantiles}
    return FanChart(
        label("axis.year"),
        label(axis),
        tuple(float(year) for year in years),
        label("legend.median"),
        path(0.5),
        tuple(
            Band(f"{percent(low, 0)}–{percent(high, 0)}", path(low), path(high))
            for low, high in _BANDS
            if {low, high} <= reported
        ),
    )


def leverage_table(outcome: FundOutcome) -> Table:
    """Leverage three ways, with what is over what."""
    ratios = {
        "project_to_fund": outcome.leverage_project_to_fund,
        "fund_to_fiscal": outcome.leverage_fund_to_fiscal,
        "project_to_fiscal": outcome.leverage_project_to_fiscal,
    }
    return Table(
        title("leverage"),
        (
            heading("leverage"),
            heading("multiple", ColumnKind.NUMBER, unit="倍", decimals=1),
            heading("meaning", is_long_text=True),
        ),
        tuple(
            Row(
                (
                    Cell(label(f"fund_leverage.{key}")),
                    cell(ratio, assumed=True),
                    Cell(text(f"leverage_{key}")),
                )
            )
            for key, ratio in ratios.items()
        ),
    )


def liquidity_table(outcome: FundOutcome, first_year: int) -> Table:
    """Calls, gaps, the line and what projects lack, by year."""
    return Table(
        title("liquidity"),
        (
            heading("year"),
            heading("called", ColumnKind.WAN),
            heading("called_p95", ColumnKind.WAN),
            heading("gap_mean", ColumnKind.WAN),
            heading("gap_p95", ColumnKind.WAN),
            heading("line_p95", ColumnKind.WAN),
            heading("shortfall", ColumnKind.WAN),
        ),
        tuple(
            Row(
                (
                    Cell(str(first_year + point.year)),
                    cell(point.called_cny.mean, assumed=True),
                    cell(point.called_cny.quantile(0.95), assumed=True),
                    cell(point.gap_cny.mean, assumed=True),
                    cell(point.gap_cny.quantile(0.95), assumed=True),
                    cell(point.line_cny.quantile(0.95), assumed=True),
                    cell(point.project_shortfall_cny.mean, assumed=True),
                )
            )
            for point in outcome.liquidity
        ),
        text(
            "liquidity",
            needed=percent(outcome.probability_line_needed),
            unpaid=percent(outcome.probability_line_unpaid),
        ),
    )
