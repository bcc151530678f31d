"""A re-valuation that moved a loan through a level. Values only."""

import datetime as dt
from dataclasses import dataclass

from services.loans.pledges.levels import PledgeLevel, ProductLevels


@dataclass(frozen=True, slots=True)
class LevelCrossing:
    """What a re-valuation did to the loan to value of a loan.

    The balance is that of the day of the valuation on both sides: a loan that is repaid through a level is no event.

    Attributes:
        loan_id: the loan.
        as_of: day of the valuation.
        before: level before; None where no value of every pledge was known.
        after: level after.
        balance_cny: balance on that day.
        value_before_cny: recorded value of all pledges before; None where not known.
        value_after_cny: the same after.
        levels: of the product, as they were when the valuation was recorded.
    """

    loan_id: str
    as_of: dt.date
    before: PledgeLevel | None
    after: PledgeLevel
    balance_cny: float
    value_before_cny: float | None
    value_after_cny: float
    levels: ProductLevels


@dataclass(frozen=True, slots=True)
class PledgeEvent:
    """A crossing as it is stored.

    Attributes:
        number: increasing in the order of recording.
        recorded_at: moment of the record, in UTC.
        crossing: what happened.
    """

    number: int
    recorded_at: dt.datetime
    crossing: LevelCrossing


@dataclass(frozen=True, slots=True)
class EventPage:
    """A page of events; `next_after` is the last number, None on the last page."""

    events: tuple[PledgeEvent, ...]
    next_after: int | None


def crossing_of(
    loan_id: str,
    as_of: dt.date,
    levels: ProductLevels,
    *,
    balance_cny: float,
    value_before_cny: float | None,
    value_after_cny: float | None,
) -> LevelCrossing | None:
    """The crossing of a level, or None where there is none to tell of.

    A first valuation is told of only if it finds the loan at a level; a value that is no longer known crosses nothing.
    """
    if value_after_cny is None:
        return None
    after = levels.level_of(balance_cny, value_after_cny)
    before = None if value_before_cny is None else levels.level_of(balance_cny, value_before_cny)
    if after is (PledgeLevel.NORMAL if before is None else before):
        return None
    return LevelCrossing(
        loan_id, as_of, before, after, balance_cny, value_before_cny, value_after_cny, levels
    )
