"""Tables of risk-compensation funds: what they pay on simulated paths, and what the loss allowance counts of them."""

from collections.abc import Iterable

from flows.reports.document import Block, Cell, Column, ColumnKind, Row, Table
from flows.reports.portfolio_report.blocks import heading, text, title
from services.loans.portfolio import CompensationFund, PortfolioLoss
from services.loans.quality.credit_loss import CreditLossReport, FundInCreditLoss


def funds_on_paths(loss: PortfolioLoss) -> list[Block]:
    """What each named fund pays over the horizon; nothing where there is none."""
    columns = (
        heading("fund_payment", ColumnKind.WAN),
        heading("fund_exhausted", ColumnKind.PERCENT),
        heading("fund_basis", is_long_text=True),
    )
    rows = [
        _row(fund, Cell(fund.payment_mean_cny), Cell(fund.exhausted_probability), Cell(fund.basis))
        for fund in loss.named_funds
    ]
    return _table("funds", columns, rows)


def funds_in_allowance(report: CreditLossReport) -> list[Block]:
    """What is claimed of each fund, what it is expected to pay and what the allowance counts of it."""
    columns = (
        heading("fund_claims", ColumnKind.WAN),
        heading("fund_expected", ColumnKind.WAN),
        heading("fund_counted", ColumnKind.WAN),
    )
    rows = [
        _row(fund, Cell(fund.claims_cny), Cell(fund.payment_cny), Cell(fund.counted_cny))
        for fund in report.funds
    ]
    return _table("allowance_funds", columns, rows)


def _row(fund: CompensationFund | FundInCreditLoss, *found: Cell) -> Row:
    return Row((Cell(fund.name), Cell(fund.n_loans), Cell(fund.cap_cny), *found))


def _table(name: str, found: Iterable[Column], rows: list[Row]) -> list[Block]:
    """A table of funds, which begins with what they are; none where there is none."""
    columns = (
        heading("fund", is_long_text=True),
        heading("loans", ColumnKind.INTEGER),
        heading("fund_limit", ColumnKind.WAN),
        *found,
    )
    return [Table(title(name), columns, tuple(rows), text(name))] if rows else []
