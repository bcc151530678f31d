"""Section: how much may be lost: expected loss, value at risk and expected shortfall, each with its error; fans."""

import math

from flows.reports.bilingual import Bilingual
from flows.reports.charts.model import Band, Estimate, EstimateChart, FanChart
from flows.reports.document import Block, Cell, ColumnKind, Figure, Paragraph, Row, Section, Table
from flows.reports.figures import percent, wan
from flows.reports.labels import label
from flows.reports.portfolio_report.blocks import chapter, heading, in_wan, text, title
from flows.reports.portfolio_report.book_facts import BookFacts
from flows.reports.portfolio_report.funds import funds_on_paths
from services.loans.portfolio import FanPoint, PortfolioLoss

# A standard error times this is half of a 95 % interval.
_NORMAL_95 = 1.96
_PERCENT = 100.0
_MONTHS = 12.0


def losses_section(book: BookFacts) -> Section:
    """Chart and table of the tail, the fans of bad loans and of loan to value, the compensation funds."""
    loss = book.figures.loss
    words = text("losses", months=book.months, paths=f"{loss.manifest.n_paths:,}")
    blocks: list[Block] = [Paragraph(words)]
    if any(tail.expected_shortfall_cny > 0.0 for tail in loss.tail):
        blocks.append(Figure(title("loss_chart"), _chart(loss), text("losses_chart")))
    blocks.append(_tail_table(loss))
    for key, points in (("npl", loss.npl), ("ltv", loss.ltv)):
        blocks += _fan(key, points)
    blocks += funds_on_paths(loss)
    return chapter("losses", *blocks)


def _chart(loss: PortfolioLoss) -> EstimateChart:
    expected, at_risk, shortfall = (
        label(f"portfolio_column.{key}") for key in ("expected_loss", "value_at_risk", "shortfall")
    )
    half = _NORMAL_95 * loss.expected_loss_error_cny
    found = [_estimate(expected, "", loss.expected_loss_cny, (half, half))]
    for tail in loss.tail:
        value = tail.value_at_risk_cny
        around = (value - tail.value_at_risk_low_cny, tail.value_at_risk_high_cny - value)
        found.append(_estimate(at_risk, percent(tail.confidence), value, around))
    for tail in loss.tail:
        half = _NORMAL_95 * tail.expected_shortfall_error_cny
        found.append(
            _estimate(shortfall, percent(tail.confidence), tail.expected_shortfall_cny, (half, half))
        )
    return EstimateChart(label("portfolio_axis.loss"), tuple(found))


def _estimate(name: Bilingual, confidence: str, value_cny: float, around: tuple[float, float]) -> Estimate:
    below, above = around
    return Estimate(
        f"{name.zh} {confidence}".strip(),
        in_wan(value_cny),
        in_wan(max(0.0, value_cny - below)),
        in_wan(value_cny + above),
        name.inline(),
    )


def _tail_table(loss: PortfolioLoss) -> Table:
    rows = [
        Row(
            (
                Cell(percent(tail.confidence)),
                Cell(tail.value_at_risk_cny),
                Cell(tail.value_at_risk_low_cny),
                Cell(tail.value_at_risk_high_cny),
                Cell(tail.expected_shortfall_cny),
                Cell(tail.expected_shortfall_error_cny),
                Cell(tail.effective_paths),
            )
        )
        for tail in loss.tail
    ]
    return Table(
        title("tail"),
        (
            heading("confidence"),
            heading("value_at_risk", ColumnKind.WAN),
            heading("value_at_risk_low", ColumnKind.WAN),
            heading("value_at_risk_high", ColumnKind.WAN),
            heading("shortfall", ColumnKind.WAN),
            heading("error", ColumnKind.WAN),
            heading("effective", ColumnKind.INTEGER),
        ),
        tuple(rows),
        text(
            "mean",
            expected=wan(loss.expected_loss_cny),
            error=wan(loss.expected_loss_error_cny),
            unexpected=wan(loss.unexpected_loss_cny),
            effective="—" if loss.effective_paths is None else f"{loss.effective_paths:,.0f}",
        ),
    )


def _fan(key: str, points: tuple[FanPoint, ...]) -> list[Block]:
    """The distribution over the quarters; nothing where there is but one point or nothing to see."""
    if len(points) < 2 or not any(value > 0.0 for point in points for _, value in point.quantiles):
        return []
    bands = tuple(
        Band(
            f"P{_PERCENT * low:g}–P{_PERCENT * high:g}",
            tuple(_PERCENT * dict(point.quantiles)[low] for point in points),
            tuple(_PERCENT * dict(point.quantiles)[high] for point in points),
        )
        for low, high in _symmetric([probability for probability, _ in points[0].quantiles])
    )
    chart = FanChart(
        label("portfolio_axis.months"),
        label(f"portfolio_axis.{key}"),
        tuple(_MONTHS * point.end_years for point in points),
        label("portfolio_row.mean"),
        tuple(_PERCENT * point.mean for point in points),
        bands,
    )
    words = text("fan", outer=bands[0].name, inner=bands[-1].name)
    return [Figure(title(f"{key}_fan"), chart, words)]


def _symmetric(probabilities: list[float]) -> list[tuple[float, float]]:
    """Probabilities that leave as much below as above, the widest pair first."""
    return [
        (low, high)
        for low in sorted(probabilities)
        for high in probabilities
        if low < high and math.isclose(low + high, 1.0)
    ]
