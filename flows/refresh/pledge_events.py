"""What a re-valuation did to the loans: crossings of a level that the loans service recorded on the day."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.loans.pledges.event import PledgeEvent
from services.loans.pledges.levels import PledgeLevel

_ORDER = tuple(PledgeLevel)


@dataclass(frozen=True, slots=True)
class LevelChange:
    """A loan that was moved through a level of its loan to value.

    Attributes:
        event_number: of the loans service; the same event has the same number in every run.
        as_of: day of the valuation.
        recorded_at: moment of the record, in UTC.
        before: level before; None where no value of every pledge was known.
        balance_cny: balance on that day.
        value_before_cny, value_after_cny: recorded value of all pledges of the loan; None where not known.
        level_reached: loan to value at which the level after begins; None for the normal one.
    """

    event_number: int
    loan_id: str
    as_of: str
    recorded_at: str
    before: PledgeLevel | None
    after: PledgeLevel
    balance_cny: float
    value_before_cny: float | None
    value_after_cny: float
    level_reached: float | None

    @property
    def is_worse(self) -> bool:
        """Whether the loan is at a higher level than before; a first valuation above normal is worse too."""
        before = PledgeLevel.NORMAL if self.before is None else self.before
        return _ORDER.index(self.after) > _ORDER.index(before)

    @property
    def loan_to_value(self) -> float | None:
        """Balance over the value after; None where the pledges are worth nothing."""
        return self.balance_cny / self.value_after_cny if self.value_after_cny > 0.0 else None


def changes_of(events: Iterable[PledgeEvent]) -> tuple[LevelChange, ...]:
    """The events in the order in which they were recorded."""
    return tuple(_change(event) for event in events)


def worst_first(changes: Iterable[LevelChange]) -> list[LevelChange]:
    """What got worse before what got better, the highest level first, then the largest balance."""
    return sorted(
        changes,
        key=lambda change: (
            not change.is_worse,
            -_ORDER.index(change.after),
            -change.balance_cny,
            change.event_number,
        ),
    )


def _change(event: PledgeEvent) -> LevelChange:
    crossing = event.crossing
    levels = crossing.levels
    reached = {
        PledgeLevel.NORMAL: None,
        PledgeLevel.WARNING: levels.warning,
        PledgeLevel.CALL: levels.call,
        PledgeLevel.LIQUIDATION: levels.liquidation,
    }
    return LevelChange(
        event.number,
        crossing.loan_id,
        crossing.as_of.isoformat(),
        event.recorded_at.isoformat(),
        crossing.before,
        crossing.after,
        crossing.balance_cny,
        crossing.value_before_cny,
        crossing.value_after_cny,
        reached[crossing.after],
    )
