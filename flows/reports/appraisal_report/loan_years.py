"""The years of a loan at the limit: cover and loan to value, under level instalments and as the cash repays it."""

from collections.abc import Sequence

from flows.reports.appraisal_report.blocks import APPRAISAL, heading
from flows.reports.bilingual import Bilingual
from flows.reports.charts.model import Curve, CurveChart
from flows.reports.document import Block, Cell, ColumnKind, Figure, Mark, Row, Table
from services.valuation.valuation import LoanYear, SizedLoan


def loan_year_blocks(sized: SizedLoan) -> list[Block]:
    """Tables and a chart of the cover and of the loan to value; none for a limit of nothing.

    The loan that is repaid as the cash comes is shown where the cash does not pay level instalments in some year.
    """
    if not sized.years:
        return []
    blocks: list[Block] = [_year_table("years", sized.years)]
    following = () if all(year.is_covered for year in sized.years) else sized.years_following_cash
    if following:
        blocks.append(_year_table("years_following_cash", following, APPRAISAL.text("years_following_cash")))
    blocks += [
        Figure(APPRAISAL.title(name), chart)
        for name, chart in (
            ("cover_path", _cover_chart(sized.years, following)),
            ("ltv_path", _ltv_chart(sized.years, following)),
        )
        if chart is not None
    ]
    return blocks


def _year_table(title: str, years: Sequence[LoanYear], caption: Bilingual | None = None) -> Table:
    return Table(
        APPRAISAL.title(title),
        (
            heading("year", ColumnKind.INTEGER),
            heading("low_cash", ColumnKind.WAN),
            heading("due", ColumnKind.WAN),
            heading("outstanding", ColumnKind.WAN),
            heading("dscr", ColumnKind.NUMBER),
            heading("pledge_value", ColumnKind.WAN),
            heading("ltv", ColumnKind.PERCENT),
        ),
        tuple(
            Row(
                (
                    Cell(year.year),
                    Cell(year.low_cash_cny),
                    Cell(year.debt_service_cny),
                    Cell(year.outstanding_cny),
                    _flagged(year.dscr, is_wrong=not year.is_covered),
                    Cell(year.pledge_value_cny),
                    _flagged(year.ltv, is_wrong=_is_above_the_pledge(year)),
                )
            )
            for year in years
        ),
        caption,
    )


def _is_above_the_pledge(year: LoanYear) -> bool:
    """Whether more is owed than the pledge is worth; a pledge worth nothing has no ratio, and secures no debt."""
    if year.ltv is None:
        return year.debt_service_cny > 0.0 or year.outstanding_cny > 0.0
    return year.ltv > 1.0


def _flagged(value: float | None, *, is_wrong: bool) -> Cell:
    return Cell(value, Mark.FLAGGED if is_wrong else Mark.PLAIN)


def _cover_chart(level: Sequence[LoanYear], following: Sequence[LoanYear]) -> CurveChart | None:
    paths = {
        "level": [(year.year, year.dscr) for year in level],
        "following": [(year.year, year.dscr) for year in following],
    }
    return _chart(paths, APPRAISAL.word("column", "dscr"), "covered")


def _ltv_chart(level: Sequence[LoanYear], following: Sequence[LoanYear]) -> CurveChart | None:
    paths = {
        "level": [(year.year, year.ltv) for year in level],
        "following": [(year.year, year.ltv) for year in following],
    }
    return _chart(paths, APPRAISAL.word("column", "ltv"), "as_much_as_the_pledge")


def _chart(paths: dict[str, list[tuple[int, float | None]]], axis: Bilingual, line: str) -> CurveChart | None:
    """The paths over the years beside the line of 1; None where no path has two years to join."""
    curves = []
    for name, path in paths.items():
        there = [(float(year), figure) for year, figure in path if figure is not None]
        if len(there) > 1:
            years, figures = zip(*there, strict=True)
            curves.append(Curve(APPRAISAL.word("path", name).zh, years, figures))
    if not curves:
        return None
    first = min(curve.horizontal[0] for curve in curves)
    last = max(curve.horizontal[-1] for curve in curves)
    one = Curve(APPRAISAL.word("path", line).zh, (first, last), (1.0, 1.0), is_modelled=True)
    return CurveChart(APPRAISAL.word("column", "year"), axis, (*curves, one))
