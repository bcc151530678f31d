"""Stores a synthetic book in the loans service, with the pledges of the cases behind it, scaled to each loan.

A pledge is valued once a template: schedule and value of the case's asset. A loan gets that schedule with quantities in
the proportion of its principal to the published loan, so that loan to value is the case's, and the value in the same
proportion: a later valuation that moves a loan through a level is an event of this book as of any other.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from flows.loan_files.sending import ImportPort
from flows.recorded_value import RecordedValue, recorded_value
from flows.service_ports import ValuationPort
from flows.synthetic_book.drawing import DrawnFrom
from quant.schedules import ExposureSchedule
from services.loans.collateral import Collateral
from services.loans.loan import PutCounts
from services.loans.synthetic.book import MARK, SyntheticLoan
from services.runtime.errors import FailedPrecondition
from services.runtime.market import MarketSnapshot

_PLEDGES_AT_ONCE = 5_000


class PledgePort(Protocol):
    """What takes the pledges; the loans client satisfies it."""

    def put_collateral(self, collateral: Sequence[Collateral]) -> PutCounts:
        """Store collateral, all or nothing."""
        ...


@dataclass(frozen=True, slots=True)
class _Pledged:
    """What the asset of a template is: its schedule, and what was found of its value."""

    schedule: ExposureSchedule
    recorded: RecordedValue


@dataclass(frozen=True, slots=True)
class StoredBook:
    """What storing a book did."""

    loans: PutCounts
    positions: PutCounts
    movements: PutCounts
    pledges: PutCounts


def store_book(
    drawn_from: DrawnFrom,
    draw: Callable[[], Iterable[SyntheticLoan]],
    valuation: ValuationPort,
    importer: ImportPort,
    loans: PledgePort,
) -> StoredBook:
    """Store the loans, their reports and their pledges; what is stored already stays as it is.

    Args:
        drawn_from: recipe and assets.
        draw: gives the loans of the book, each time anew.
        valuation: gives the schedules.
        importer: takes the book.
        loans: takes the pledges.

    Raises:
        FailedPrecondition: an asset of a case has no schedule.
    """
    snapshot = valuation.get_market_snapshot()
    pledged = _pledged(drawn_from, valuation, snapshot)
    # A state of the first day, so that the book is there on every day on which something is reported.
    first_day = min(item.loan.terms.drawn_on for item in draw())
    stored = importer.import_book(
        first_day,
        (item.loan for item in draw()),
        (position for item in draw() for position in item.positions),
        (movement for item in draw() for movement in item.movements),
    )
    pledges = PutCounts(0, 0, 0)
    rest = _pledges(drawn_from, draw(), pledged, snapshot)
    while block := tuple(itertools.islice(rest, _PLEDGES_AT_ONCE)):
        pledges = pledges.plus(loans.put_collateral(block))
    return StoredBook(stored["loans"], stored["positions"], stored["movements"], pledges)


def _pledged(
    drawn_from: DrawnFrom, valuation: ValuationPort, snapshot: MarketSnapshot
) -> tuple[_Pledged, ...]:
    """Schedule and value of the asset of each template."""
    found = valuation.get_exposures(drawn_from.assets, snapshot_id=snapshot.snapshot_id)
    schedules = tuple(item for item in found if isinstance(item, ExposureSchedule))
    if len(schedules) < len(drawn_from.assets):
        failed = next(item for item in found if not isinstance(item, ExposureSchedule))
        raise FailedPrecondition(f"case {failed.asset_id} has no schedule: {failed.message}")
    valued = valuation.value_assets(
        drawn_from.assets, valuation_date=snapshot.as_of, snapshot_id=snapshot.snapshot_id
    )
    return tuple(
        _Pledged(schedule, recorded_value(outcome))
        for schedule, outcome in zip(schedules, valued, strict=True)
    )


def _pledges(
    drawn_from: DrawnFrom,
    loans: Iterable[SyntheticLoan],
    pledged: Sequence[_Pledged],
    snapshot: MarketSnapshot,
) -> Iterator[Collateral]:
    for item in loans:
        case = drawn_from.recipe.templates[item.template]
        scale = float(item.loan.terms.principal_cny) / case.amount_cny
        schedule, recorded = pledged[item.template].schedule, pledged[item.template].recorded
        yield Collateral(
            f"{item.loan.loan_id}-C",
            item.loan.loan_id,
            # Like the asset of the case, and yet another: what is lost of one right is not lost of its likes.
            replace(
                schedule,
                asset_id=f"{MARK} {case.case_id} {item.loan.loan_id}",
                quantities=schedule.quantities * scale,
            ),
            snapshot.as_of,
            snapshot.snapshot_id,
            value_cny=None if recorded.value_cny is None else recorded.value_cny * scale,
            valuation_warnings=recorded.warning_codes,
        )
