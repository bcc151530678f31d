"""A page of stored valuations and where the next one begins."""

from dataclasses import dataclass

from services.valuation.valuation import ValuationSummary


@dataclass(frozen=True, slots=True)
class PageKey:
    """The last row of a page; the next page holds what is older."""

    recorded_at_us: int
    valuation_id: str


@dataclass(frozen=True, slots=True)
class Page:
    """Summaries, newest first, and where the next page begins; None after the last."""

    valuations: tuple[ValuationSummary, ...]
    next_key: PageKey | None
