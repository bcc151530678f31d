"""Section: the fund in changed worlds, on the same draws."""

from flows.fund_review.fund_review import FundReview
from flows.reports.bilingual import Bilingual
from flows.reports.document import Block, Cell, Figure, Mark, Paragraph, Row, Section, Table
from flows.reports.fund_tables.wording import assumption_words, chapter, heading, text, title
from flows.reports.fund_tables.worlds import class_world_table, world_changes, world_panels, world_table
from services.runtime.evidence import Evidence


def worlds_section(review: FundReview) -> Section:
    """Figures side by side, changes, small multiples, and what each world is."""
    comparison = review.comparison
    blocks: list[Block] = [Paragraph(text("worlds_intro"))]
    table = world_table(comparison)
    if table is not None:
        blocks.append(table)
    changes = world_changes(comparison)
    if changes is not None:
        blocks.append(Figure(title("world_changes"), changes, text("world_changes")))
    blocks += [
        Figure(title("world_panels"), world_panels(comparison), text("world_panels")),
        class_world_table(comparison),
        _definition_table(review),
    ]
    return chapter("worlds", *blocks)


def _definition_table(review: FundReview) -> Table:
    return Table(
        title("world_definitions"),
        (heading("world"), heading("content", is_long_text=True)),
        tuple(
            Row(
                (
                    Cell(Bilingual(market.label_zh, market.label_en)),
                    Cell(
                        assumption_words(source.citation),
                        Mark.ASSUMPTION if source.evidence is Evidence.ASSUMPTION else Mark.PLAIN,
                    ),
                )
            )
            for each in review.comparison.scenarios
            for market in (each.scenario.market,)
            for source in market.sources
        ),
    )
