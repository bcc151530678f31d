"""Sections: the book in every scenario side by side, and the smallest moves of the factors that break a limit."""

from flows.portfolio.book_review import ReverseReview
from flows.reports.bilingual import Bilingual
from flows.reports.charts.model import Bar, ChangeChart
from flows.reports.document import (
    Block,
    Cell,
    ColumnKind,
    Figure,
    Finding,
    Findings,
    Mark,
    Paragraph,
    Row,
    Section,
    Table,
)
from flows.reports.figures import wan
from flows.reports.labels import label
from flows.reports.portfolio_report.blocks import chapter, heading, in_wan, text, title
from flows.reports.portfolio_report.book_facts import BookFacts
from services.loans.simulation.stress import StressedLoss
from services.runtime.results import Severity
from services.runtime.scenarios.lasting_move import FactorMove

_MOST_FACTORS = 8


def stress_section(book: BookFacts) -> Section:
    """A chart of the changes, every world's figures, what could not be run."""
    stress, request = book.figures.stress, book.review.request
    base, *worlds = stress.worlds
    hardest_first = hardest(worlds)
    blocks: list[Block] = [Paragraph(text("stress", months=book.months, paths=f"{request.stress_paths:,}"))]
    if any(world.expected_loss_change_cny != 0.0 for world in worlds):
        bars = tuple(
            Bar(name_of(world).zh, in_wan(world.expected_loss_change_cny)) for world in hardest_first
        )
        chart = ChangeChart(label("portfolio_axis.change"), bars, is_rise_bad=True)
        blocks.append(Figure(title("stress"), chart))
    blocks.append(_table([base, *hardest_first]))
    if stress.skipped:
        found = tuple(Finding(Severity.NOTE, Bilingual(item.reason), item.name) for item in stress.skipped)
        blocks.append(Findings(title("skipped"), found))
    return chapter("stress", *blocks)


def hardest(worlds: list[StressedLoss]) -> list[StressedLoss]:
    """Scenarios, the largest rise of the expected loss first."""
    return sorted(worlds, key=lambda world: (-world.expected_loss_change_cny, world.scenario))


def name_of(world: StressedLoss) -> Bilingual:
    """What a world is called."""
    if not world.scenario:
        return label("portfolio_row.base")
    return Bilingual(world.label_zh or world.scenario, world.label_en)


def _table(worlds: list[StressedLoss]) -> Table:
    rows = tuple(
        Row(
            (
                Cell(name_of(world)),
                Cell(world.expected_loss_cny),
                Cell(world.expected_loss_change_cny if world.scenario else None),
                Cell(world.expected_loss_change_error_cny if world.scenario else None),
                Cell(world.value_at_risk_cny),
                Cell(world.expected_shortfall_cny),
                Cell(world.default_rate),
                Cell(world.npl_ratio),
                Cell(world.collateral_mean_cny),
            )
        )
        for world in worlds
    )
    return Table(
        title("stress_table"),
        (
            heading("scenario", is_long_text=True),
            heading("expected_loss", ColumnKind.WAN),
            heading("change", ColumnKind.WAN),
            heading("error", ColumnKind.WAN),
            heading("value_at_risk_999", ColumnKind.WAN),
            heading("shortfall_999", ColumnKind.WAN),
            heading("default_rate", ColumnKind.PERCENT),
            heading("npl", ColumnKind.PERCENT),
            heading("collateral", ColumnKind.WAN),
        ),
        rows,
    )


def reverse_section(book: BookFacts) -> Section:
    """The limit, each factor alone, all together."""
    reverse = book.figures.reverse
    if reverse is None:
        return chapter("reverse", Paragraph(text("no_reverse")))
    return chapter("reverse", Paragraph(_limit(reverse)), *_moves(book, reverse))


def _limit(reverse: ReverseReview) -> Bilingual:
    origin = text("limit_assumed" if reverse.is_assumption else "limit_given")
    return text(
        "reverse", limit=wan(reverse.highest_expected_loss_cny), origin=origin.zh, origin_en=origin.en
    )


def _moves(book: BookFacts, reverse: ReverseReview) -> list[Block]:
    found = reverse.found
    if found.broken_already:
        return [Paragraph(text("broken", figure=wan(found.figure_cny)))]
    blocks: list[Block] = []
    if not found.single and found.joint_distance is None:
        return [Paragraph(text("unbreakable"))]
    mark = Mark.ASSUMPTION if reverse.is_assumption else Mark.PLAIN
    if found.single:
        bars = tuple(
            Bar(book.factor(move.factor).zh, move.standard_deviations)
            for move in found.single[:_MOST_FACTORS]
        )
        chart = ChangeChart(label("portfolio_axis.deviations"), bars)
        blocks += [Figure(title("reverse_chart"), chart), _move_table(book, "single", found.single, mark)]
    if found.joint_distance is not None:
        blocks += [
            Paragraph(text("joint", distance=f"{found.joint_distance:.2f}")),
            _move_table(book, "joint", found.joint, mark),
        ]
    return blocks


def _move_table(book: BookFacts, key: str, moves: tuple[FactorMove, ...], mark: Mark) -> Table:
    rows = tuple(
        Row(
            (
                Cell(book.factor(move.factor)),
                Cell(move.standard_deviations, mark),
                Cell(move.multiplier, mark),
            )
        )
        for move in moves
    )
    columns = (
        heading("factor"),
        heading("deviations", ColumnKind.NUMBER),
        heading("multiplier", ColumnKind.NUMBER, unit="倍", decimals=3),
    )
    return Table(title(key), columns, rows)
