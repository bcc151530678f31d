"""Tables of risk-compensation funds: what they pay on simulated paths, and what the loss allowance counts of them."""

from flows.reports.document import Block, Cell, Column, ColumnKind, Row, Table
from flows.reports.portfolio_report.blocks import heading, text, title
from services.loans.portfolio import PortfolioLoss
from services.loans.quality.credit_loss import CreditLossReport


def funds_on_paths(loss: PortfolioLoss) -> list[Block]:
    """What each named fund pays over the horizon; nothing where there is none."""
    rows = tuple(
        Row(
            (
                Cell(fund.name),
                Cell(fund.n_loans),
                Cell(fund.cap_cny),
                Cell(fund.payment_mean_cny),
                Cell(fund.exhausted_probability),
                Cell(fund.basis),
            )
        )
        for fund in loss.named_funds
    )
    columns = (
        *_named(),
        heading("fund_payment", ColumnKind.WAN),
        heading("fund_exhausted", ColumnKind.PERCENT),
        heading("fund_basis", is_long_text=True),
    )
    return [Table(title("funds"), columns, rows, text("funds"))] if rows else []


def funds_in_allowance(report: CreditLossReport) -> list[Block]:
    """What is claimed of each fund, what it is expected to pay and what the allowance counts of it."""
    rows = tuple(
        Row(
            (
                Cell(fund.name),
                Cell(fund.n_loans),
                Cell(fund.cap_cny),
                Cell(fund.claims_cny),
                Cell(fund.payment_cny),
                Cell(fund.counted_cny),
            )
        )
        for fund in report.funds
    )
    columns = (
        *_named(),
        heading("fund_claims", ColumnKind.WAN),
        heading("fund_expected", ColumnKind.WAN),
        heading("fund_counted", ColumnKind.WAN),
    )
    return [Table(title("allowance_funds"), columns, rows, text("allowance_funds"))] if rows else []


def _named() -> tuple[Column, ...]:
    return (
        heading("fund", is_long_text=True),
        heading("loans", ColumnKind.INTEGER),
        heading("fund_limit", ColumnKind.WAN),
    )
