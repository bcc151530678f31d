"""Section: the terms: what is published of them, what is assumed, and how cash runs through them."""

from flows.fund_review.fund_review import FundReview
from flows.reports.document import Block, Cell, Mark, Row, Section, Table
from flows.reports.fund_tables.terms import partner_table, rule_table, step_table
from flows.reports.fund_tables.wording import assumption_words, chapter, heading, title


def terms_section(review: FundReview) -> Section:
    """Partners, steps, rules, sources."""
    terms = review.terms
    blocks: list[Block] = [partner_table(terms), step_table(terms), rule_table(terms)]
    if review.asked.published:
        blocks.append(_words_table("published", review.asked.published, Mark.PLAIN))
    if terms.assumptions:
        blocks.append(_words_table("assumed_terms", terms.assumptions, Mark.ASSUMPTION))
    return chapter("terms", *blocks)


def _words_table(key: str, lines: tuple[str, ...], mark: Mark) -> Table:
    return Table(
        title(key),
        (heading("content", is_long_text=True),),
        tuple(Row((Cell(assumption_words(line), mark),)) for line in lines),
    )
