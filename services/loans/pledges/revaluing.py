"""Stores re-valued collateral and, in the same transaction, the crossings of a level that it brings about.

Before and after are the recorded values of all pledges of a loan that are in force on the day of the valuation, against
the balance of that day. A repeat of a valuation stores no state and so no event; down and up again are two.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import groupby

from services.loans import engine
from services.loans.collateral import Collateral
from services.loans.loan import PutCounts
from services.loans.pledges.event import EventPage, LevelCrossing, crossing_of
from services.loans.pledges.event_store import EventStore
from services.loans.pledges.levels import MonitoringRules
from services.loans.reported.book import ReportedBook
from services.loans.repository import LoanStore


def put_collateral(
    store: LoanStore, events: EventStore, collateral: Sequence[Collateral], rules: MonitoringRules
) -> PutCounts:
    """Stores collateral and the events that follow.

    Raises:
        NotFound: naming loans that do not exist.
    """
    if all(item.value_cny is None for item in collateral):
        return engine.put_collateral(store, collateral)
    # Before the first look: of two equal requests at one time the second must see what the first stored.
    events.wait_for_writers()
    counts = PutCounts(0, 0, 0)
    by_day = sorted(collateral, key=lambda item: item.valuation_date)
    # Day by day, so that each valuation meets what was in force when it was made.
    for day, group in groupby(by_day, key=lambda item: item.valuation_date):
        items = list(group)
        touched = {item.loan_id for item in items} | events.loans_secured_by([i.collateral_id for i in items])
        before = _recorded_values(store, day, touched)
        stored = engine.put_collateral(store, items)
        if stored.created + stored.updated > 0:
            after = _recorded_values(store, day, touched)
            events.add(list(_crossings(store, day, before, after, rules)))
        counts = PutCounts(
            counts.created + stored.created,
            counts.updated + stored.updated,
            counts.unchanged + stored.unchanged,
        )
    return counts


def list_events(
    events: EventStore,
    known_at: dt.datetime,
    after: int,
    page_size: int,
    loan_ids: Sequence[str] = (),
    *,
    as_of: dt.date | None = None,
) -> EventPage:
    """A page of the events as they were known at a moment."""
    found = events.events(known_at, after, page_size + 1, loan_ids, as_of)
    page = tuple(found[:page_size])
    return EventPage(page, page[-1].number if len(found) > page_size else None)


def _recorded_values(store: LoanStore, day: dt.date, loan_ids: set[str]) -> dict[str, float | None]:
    """Recorded value of all pledges of each loan that has any on a day; None where one of them has none.

    A valuation of the day itself counts, one of any later day does not: where a pledge has no other the store tells it,
    as a simulation may use it, but on that day nobody knew it.
    """
    values: dict[str, float | None] = {}
    for item in store.collateral_in_force(day, loan_ids):
        if item.valuation_date > day:
            continue
        so_far, more = values.get(item.loan_id, 0.0), item.pledged_value_cny
        values[item.loan_id] = None if so_far is None or more is None else so_far + more
    return values


def _crossings(
    store: LoanStore,
    day: dt.date,
    before: dict[str, float | None],
    after: dict[str, float | None],
    rules: MonitoringRules,
) -> Iterable[LevelCrossing]:
    # A pledge that now secures another loan leaves the first one with a known value of nothing.
    values = {loan_id: after.get(loan_id, 0.0) for loan_id in before.keys() | after.keys()}
    changed = sorted(loan_id for loan_id, value in values.items() if value != before.get(loan_id))
    if not changed:
        return
    loans = store.loans_in_force(dt.date.max, changed)
    positions = {position.loan_id: position for position in store.positions_in_force(day, changed)}
    balances = ReportedBook(day, tuple(loans), positions, ()).balances_cny([day])[:, 0].tolist()
    for loan, balance in zip(loans, balances, strict=True):
        levels = rules.levels_of(loan.product)
        found = crossing_of(
            loan.loan_id,
            day,
            levels,
            balance_cny=balance,
            value_before_cny=before.get(loan.loan_id),
            value_after_cny=values[loan.loan_id],
        )
        if found is not None:
            yield found
