"""The years of a loan at the limit: cover and loan to value, under level instalments and as the cash repays it."""

from collections.abc import Sequence

from flows.reports.appraisal_report.blocks import APPRAISAL, heading
from flows.reports.document import Block, Cell, ColumnKind, Mark, Row, Table
from services.valuation.valuation import LoanYear, SizedLoan


def loan_year_blocks(sized: SizedLoan) -> list[Block]:
    """Tables of the cover and of the loan to value; none for a limit of nothing.

    The loan that is repaid as the cash comes is shown where the cash does not pay level instalments in some year.
    """
    if not sized.years:
        return []
    blocks: list[Block] = [_year_table("years", sized.years)]
    is_uncovered = any(year.dscr is not None and year.dscr < 1.0 for year in sized.years)
    following = sized.years_following_cash if is_uncovered else ()
    if following:
        blocks.append(_year_table("years_following_cash", following))
    return blocks


def _year_table(title: str, years: Sequence[LoanYear]) -> Table:
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
                    _flagged(year.dscr, is_wrong=year.dscr is not None and year.dscr < 1.0),
                    Cell(year.pledge_value_cny),
                    _flagged(year.ltv, is_wrong=year.ltv is not None and year.ltv > 1.0),
                )
            )
            for year in years
        ),
    )


def _flagged(value: float | None, *, is_wrong: bool) -> Cell:
    return Cell(value, Mark.FLAGGED if is_wrong else Mark.PLAIN)
