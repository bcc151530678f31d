"""A stored synthetic book carries the values of its pledges, so that a later fall is told as an event."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from flows.synthetic_book.drawing import read_recipe
from flows.synthetic_book.storing import store_book
from services.loans.client import LoansClient
from services.loans.collateral import Collateral
from services.loans.importing.client import ImportClient
from services.loans.loan import PutCounts
from services.loans.pledges.client import PledgeClient
from services.loans.pledges.levels import PledgeLevel
from services.loans.synthetic.book import synthetic_loans
from services.runtime.channel import open_channel
from tests.flows.running_book import INSTITUTION, Book

DAY = dt.date(2026, 6, 30)


class Kept:
    """Passes pledges on to the service and keeps them."""

    def __init__(self, loans: LoansClient) -> None:
        self.loans, self.pledges = loans, list[Collateral]()

    def put_collateral(self, collateral: Sequence[Collateral]) -> PutCounts:
        self.pledges.extend(collateral)
        return self.loans.put_collateral(collateral)


def test_a_fall_of_a_stored_pledge_is_an_event(book: Book) -> None:
    drawn_from = read_recipe(DAY, 1)
    with open_channel(book.address, institution_id=INSTITUTION) as channel:
        kept, pledges = Kept(book.loans), PledgeClient(channel)
        stored = store_book(
            drawn_from,
            lambda: synthetic_loans(drawn_from.recipe, 12, 3),
            book.valuation,
            ImportClient(channel),
            kept,
        )
        assert stored.pledges == PutCounts(12, 0, 0)
        # Draws of an asset go by its name: twelve borrowers with assets of fewer cases do not share theirs.
        assert len({item.schedule.asset_id for item in kept.pledges}) == 12
        told = {event.crossing.loan_id for event in pledges.events()}
        fallen = next(item for item in kept.pledges if item.value_cny and item.loan_id not in told)
        # Next to nothing is left of the value: whatever is still owed is above every level.
        lost = replace(fallen, value_cny=1.0, valuation_date=fallen.valuation_date + dt.timedelta(days=1))
        assert book.loans.put_collateral([lost]) == PutCounts(0, 1, 0)
        [event] = pledges.events(loan_ids=[fallen.loan_id])
    assert (event.crossing.before, event.crossing.after) == (PledgeLevel.NORMAL, PledgeLevel.LIQUIDATION)
    assert event.crossing.value_before_cny == fallen.value_cny
