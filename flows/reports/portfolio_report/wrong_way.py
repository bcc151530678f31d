"""Section: the book with its collateral on the borrowers' paths and cut loose from them, and who makes the gap."""

from flows.reports.bilingual import Bilingual
from flows.reports.charts.model import Bar, ChangeChart
from flows.reports.document import Block, Cell, ColumnKind, Figure, Paragraph, Row, Section, Table
from flows.reports.figures import percent, wan
from flows.reports.labels import label
from flows.reports.portfolio_report.blocks import chapter, heading, in_wan, share_of, text, title, total_row
from flows.reports.portfolio_report.book_facts import BookFacts
from services.loans.simulation.link import LinkedLoss, LinkShare, WrongWayRisk

# Below this part of the exposure a share is what is left of sums that cancel.
_SMALLEST_SHARE = 1e-12


def wrong_way_section(book: BookFacts) -> Section:
    """Both sides, the verdict, and the factors."""
    risk = book.figures.wrong_way
    blocks: list[Block] = [Paragraph(text("wrong_way")), _sides(risk), Paragraph(_verdict(book, risk))]
    if has_link(risk):
        bars = tuple(
            Bar(book.factor(share.factor).zh, in_wan(share.expected_loss_cny)) for share in _moving(risk)
        )
        chart = ChangeChart(label("portfolio_axis.added"), bars, is_rise_bad=True)
        blocks += [Figure(title("drivers"), chart, text("drivers")), _driver_table(book, risk)]
    return chapter("wrong_way", *blocks)


def has_link(risk: WrongWayRisk) -> bool:
    """Whether any factor of the collateral is one of the borrowers too."""
    return bool(_moving(risk))


def _moving(risk: WrongWayRisk) -> list[LinkShare]:
    smallest_cny = _SMALLEST_SHARE * risk.exposure_cny
    return [share for share in risk.drivers if abs(share.expected_loss_cny) > smallest_cny]


def _sides(risk: WrongWayRisk) -> Table:
    rows = [_side("linked", risk.together), _side("apart", risk.apart)]
    difference = Row(
        (
            Cell(label("portfolio_row.difference")),
            Cell(risk.expected_loss_difference_cny),
            Cell(risk.expected_loss_difference_error_cny),
            Cell(risk.together.value_at_risk_cny - risk.apart.value_at_risk_cny),
            Cell(risk.together.expected_shortfall_cny - risk.apart.expected_shortfall_cny),
            Cell(None),
        ),
        is_total=True,
    )
    return Table(
        title("sides"),
        (
            heading("side"),
            heading("expected_loss", ColumnKind.WAN),
            heading("error", ColumnKind.WAN),
            heading("value_at_risk_999", ColumnKind.WAN),
            heading("shortfall_999", ColumnKind.WAN),
            heading("in_default", ColumnKind.PERCENT),
        ),
        (*rows, difference),
    )


def _side(name: str, side: LinkedLoss) -> Row:
    return Row(
        (
            Cell(label(f"portfolio_row.{name}")),
            Cell(side.expected_loss_cny),
            Cell(side.expected_loss_error_cny),
            Cell(side.value_at_risk_cny),
            Cell(side.expected_shortfall_cny),
            Cell(side.collateral_in_default_ratio),
        )
    )


def _verdict(book: BookFacts, risk: WrongWayRisk) -> Bilingual:
    share = share_of(risk.expected_loss_difference_cny, risk.apart.expected_loss_cny)
    if share is None or not has_link(risk):
        return text("wrong_way_none")
    driver = book.factor(risk.drivers[0].factor)
    return text(
        "wrong_way_verdict",
        amount=wan(risk.expected_loss_difference_cny),
        error=wan(risk.expected_loss_difference_error_cny),
        share=percent(share, 2),
        driver=driver.zh,
        driver_en=driver.en,
    )


def _driver_table(book: BookFacts, risk: WrongWayRisk) -> Table:
    whole = sum(share.expected_loss_cny for share in risk.drivers)
    rows = [
        Row(
            (
                Cell(book.factor(share.factor)),
                Cell(share.expected_loss_cny),
                Cell(share.expected_loss_error_cny),
                Cell(share_of(share.expected_loss_cny, whole)),
            )
        )
        for share in risk.drivers
    ]
    rows.append(total_row(Cell(whole), Cell(risk.drivers_error_cny), Cell(1.0 if whole > 0.0 else None)))
    return Table(
        title("drivers_table"),
        (
            heading("factor"),
            heading("expected_loss_added", ColumnKind.WAN),
            heading("error", ColumnKind.WAN),
            heading("share", ColumnKind.PERCENT),
        ),
        tuple(rows),
    )
