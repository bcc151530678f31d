"""Section: the cases as one loan book, and its loss over the horizon with pledges and defaults on the same paths."""

from collections.abc import Callable, Iterable

from flows.main_job_result import LoanBookRun, StatedAssumption
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import cell, column, findings_of
from flows.reports.charts.model import Estimate, EstimateChart
from flows.reports.document import (
    Cell,
    Column,
    ColumnKind,
    Figure,
    KeyFigure,
    KeyFigures,
    Mark,
    Paragraph,
    Row,
    Section,
    Table,
)
from flows.reports.figures import CNY_PER_WAN, in_count, in_wan, percent, wan
from flows.reports.labels import catalogue, label
from services.loans.portfolio import LossShare, PortfolioLoss

# A standard error times this is half of a 95 % interval.
_NORMAL_95 = 1.96


def loan_book_section(run: LoanBookRun) -> Section:
    """Loss of the book, by product, county and loan. Everything rests on assumed default probabilities."""
    loss = run.loss
    names = {loan.loan_id: loan.name for loan in run.loans}
    return Section(
        "loan-book",
        label("section.loan_book"),
        label("sheet.loan_book").zh,
        (
            Paragraph(
                label("text.loan_book", horizon=f"{run.horizon_years:g}", paths=f"{loss.manifest.n_paths:,}")
            ),
            _key_figures(loss),
            *findings_of("title.loan_book_findings", (("", caution) for caution in loss.cautions)),
            Figure(label("title.loss_chart"), _chart(loss), label("caption.loss_chart")),
            _tail_table(loss),
            _share_table("title.loss_by_product", "column.product", loss.by_product, _product_name),
            _share_table("title.loss_by_county", "column.county", loss.by_county, Bilingual),
            _share_table(
                "title.loss_by_loan",
                "column.loan_name",
                loss.by_loan,
                lambda key: Bilingual(names.get(key) or key),
            ),
            assumption_table("title.loan_book_assumptions", run.assumptions),
        ),
    )


def _key_figures(loss: PortfolioLoss) -> KeyFigures:
    ratio = loss.expected_loss_cny / loss.exposure_cny if loss.exposure_cny > 0.0 else 0.0
    return KeyFigures(
        (
            KeyFigure(label("figure.loans"), in_count(loss.n_loans)),
            KeyFigure(label("figure.exposure"), in_wan(loss.exposure_cny), mark=Mark.ASSUMPTION),
            KeyFigure(
                label("figure.expected_loss"),
                in_wan(loss.expected_loss_cny),
                label(
                    "detail.expected_loss", ratio=percent(ratio, 2), error=wan(loss.expected_loss_error_cny)
                ),
                Mark.ASSUMPTION,
            ),
            KeyFigure(
                label("figure.unexpected_loss"), in_wan(loss.unexpected_loss_cny), mark=Mark.ASSUMPTION
            ),
            *(
                KeyFigure(
                    label("figure.expected_shortfall", confidence=percent(tail.confidence)),
                    in_wan(tail.expected_shortfall_cny),
                    mark=Mark.ASSUMPTION,
                )
                for tail in loss.tail[-1:]
            ),
        )
    )


def _chart(loss: PortfolioLoss) -> EstimateChart:
    half = _NORMAL_95 * loss.expected_loss_error_cny
    estimates = [_estimate("legend.expected_loss", "", loss.expected_loss_cny, half, half)]
    for tail in loss.tail:
        value = tail.value_at_risk_cny
        below, above = value - tail.value_at_risk_low_cny, tail.value_at_risk_high_cny - value
        estimates.append(_estimate("legend.value_at_risk", percent(tail.confidence), value, below, above))
    for tail in loss.tail:
        half = _NORMAL_95 * tail.expected_shortfall_error_cny
        estimates.append(
            _estimate(
                "legend.expected_shortfall", percent(tail.confidence), tail.expected_shortfall_cny, half, half
            )
        )
    return EstimateChart(label("axis.loss_wan"), tuple(estimates))


def _estimate(key: str, confidence: str, value_cny: float, below_cny: float, above_cny: float) -> Estimate:
    words = label(key)
    low, high = max(0.0, value_cny - below_cny), value_cny + above_cny
    name = f"{words.zh} {confidence}".strip()
    return Estimate(name, value_cny / CNY_PER_WAN, low / CNY_PER_WAN, high / CNY_PER_WAN, words.inline())


def _tail_table(loss: PortfolioLoss) -> Table:
    return Table(
        label("title.tail"),
        (
            column("confidence", ColumnKind.PERCENT),
            column("value_at_risk", ColumnKind.WAN),
            column("value_at_risk_low", ColumnKind.WAN),
            column("value_at_risk_high", ColumnKind.WAN),
            column("expected_shortfall", ColumnKind.WAN),
            column("standard_error", ColumnKind.WAN),
        ),
        tuple(
            Row(
                (
                    Cell(tail.confidence),
                    *(
                        cell(value, assumed=True)
                        for value in (
                            tail.value_at_risk_cny,
                            tail.value_at_risk_low_cny,
                            tail.value_at_risk_high_cny,
                            tail.expected_shortfall_cny,
                            tail.expected_shortfall_error_cny,
                        )
                    ),
                )
            )
            for tail in loss.tail
        ),
    )


def _product_name(key: str) -> Bilingual:
    """Products of the demonstration are kinds of pledge; a bank's own product has the name it was given."""
    return catalogue().get(f"collateral.{key}", Bilingual(key))


def _share_table(
    title_key: str, heading_key: str, shares: tuple[LossShare, ...], name_of: Callable[[str], Bilingual]
) -> Table:
    rows = [_share_row(share, name_of(share.key)) for share in shares]
    rows.append(
        Row(
            (
                Cell(label("row.total")),
                cell(sum(share.exposure_cny for share in shares), assumed=True),
                cell(sum(share.expected_loss_cny for share in shares), assumed=True),
                cell(sum(share.defaults_mean for share in shares), assumed=True),
                cell(sum(share.collateral_mean_cny for share in shares), assumed=True),
                Cell(None),
            ),
            is_total=True,
        )
    )
    return Table(
        label(title_key),
        (
            Column(label(heading_key)),
            column("exposure", ColumnKind.WAN),
            column("expected_loss", ColumnKind.WAN),
            column("defaults_mean", ColumnKind.NUMBER, decimals=4),
            column("collateral_mean", ColumnKind.WAN),
            column("collateral_in_default", ColumnKind.WAN),
        ),
        tuple(rows),
    )


def _share_row(share: LossShare, name: Bilingual) -> Row:
    return Row(
        (
            Cell(name),
            cell(share.exposure_cny, assumed=True),
            cell(share.expected_loss_cny, assumed=True),
            cell(share.defaults_mean, assumed=True),
            cell(share.collateral_mean_cny, assumed=True),
            cell(share.collateral_mean_in_default_cny, assumed=True),
        )
    )


def assumption_table(title_key: str, assumptions: Iterable[StatedAssumption]) -> Table:
    """Assumptions with the place where each can be edited."""
    return Table(
        label(title_key),
        (column("input"), column("assumed_value"), column("reason", is_long_text=True), column("edit_at")),
        tuple(
            Row(
                (
                    Cell(catalogue().get(f"loan_input.{item.name}", Bilingual(item.name))),
                    Cell(item.value, Mark.ASSUMPTION),
                    Cell(Bilingual(item.reason_zh, item.reason_en)),
                    Cell(item.place),
                )
            )
            for item in assumptions
        ),
        label("caption.assumptions"),
    )
