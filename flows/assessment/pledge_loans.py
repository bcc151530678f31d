"""Loans against GEP and VEP by county, from the statistics of a quarter."""

from dataclasses import dataclass

from services.loans.statistics.result import Grouping, QuarterStatistics, StatisticsLine

# Products whose code begins so are loans against a GEP or a VEP, with or without a guarantee, credit or project.
PRODUCT_PREFIXES = ("gep", "vep")


@dataclass(frozen=True, slots=True)
class PledgeLoans:
    """Loans against GEP and VEP in a quarter.

    Attributes:
        period: such as "2026Q3".
        lines: one for each county and product, in order; keys are (county, product).
        n_breaks: breaks in the statistics of the quarter; 0 where every check holds.
    """

    period: str
    lines: tuple[StatisticsLine, ...]
    n_breaks: int

    @property
    def n_loans(self) -> int:
        """Loans with a balance."""
        return sum(line.n_loans for line in self.lines)

    @property
    def balance_cents(self) -> int:
        """Their balance."""
        return sum(line.closing_cents for line in self.lines)


def pledge_loans(statistics: QuarterStatistics) -> PledgeLoans:
    """The lines of GEP and VEP products; what rests on them adds up by county."""
    lines = tuple(
        line
        for line in statistics.lines(Grouping.COUNTY_PRODUCT)
        if line.keys[1].startswith(PRODUCT_PREFIXES)
    )
    return PledgeLoans(str(statistics.quarter), lines, len(statistics.breaks))
