"""What is reported of a loan meets the simulation: who owes nothing is at risk no longer, who is bad is named."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from services.loans.client import LoansClient
from services.loans.loan import Loan
from services.loans.position import FiveClass, LoanPosition
from services.runtime.market import MarketSnapshot

MARCH, JUNE, SEPTEMBER = dt.date(2026, 3, 31), dt.date(2026, 6, 30), dt.date(2026, 9, 30)
MakeLoan = Callable[..., Loan]


def reported(
    loan_id: str, as_of: dt.date, balance: str, days: int = 0, quality: FiveClass | None = None
) -> LoanPosition:
    return LoanPosition(loan_id, as_of, Decimal(balance), 0.045, days, Decimal(0), quality, False)


@pytest.mark.parametrize("quarters", [None, 4])
def test_a_loan_that_owes_nothing_is_at_risk_no_longer(
    client: LoansClient, loan: MakeLoan, snapshot: MarketSnapshot, quarters: int | None
) -> None:
    client.put_loans(JUNE, [loan("L1"), loan("L2"), loan("L3")])
    # L3 owed nothing before it was drawn in January, and owes nothing again only later than the day of the book.
    client.record_positions(
        [reported("L1", JUNE, "800000"), reported("L2", MARCH, "9"), reported("L2", JUNE, "0"),
         reported("L3", dt.date(2025, 12, 31), "0"), reported("L3", SEPTEMBER, "0")]
    )  # fmt: skip
    found = client.simulate_portfolio(snapshot, n_paths=1_000, n_quarters=quarters)
    one, settled, three = found.by_loan
    assert (settled.exposure_cny, settled.expected_loss_cny, settled.defaults_mean) == (0.0, 0.0, 0.0)
    assert one.exposure_cny == three.exposure_cny > 0.0
    assert found.exposure_cny == pytest.approx(2.0 * one.exposure_cny)
    # Nothing is pledged here; what owes nothing needs no pledge either.
    assert [caution.code for caution in found.cautions if caution.code.startswith("LOANS_")] == [
        "LOANS_WITHOUT_PLEDGE",
        "LOANS_SETTLED",
    ]
    bare = next(caution for caution in found.cautions if caution.code == "LOANS_WITHOUT_PLEDGE")
    assert bare.message_en.endswith(": L1, L3")
    assert "1 loans" in next(c.message_en for c in found.cautions if c.code == "LOANS_SETTLED")
    before = client.simulate_portfolio(snapshot, n_paths=1_000, n_quarters=quarters, loan_ids=("L1", "L3"))
    assert before.exposure_cny == found.exposure_cny
    assert "LOANS_SETTLED" not in [caution.code for caution in before.cautions]


@pytest.mark.parametrize(
    ("is_bad", "days", "quality"),
    [
        (False, 90, None),
        (True, 91, None),
        (False, 0, FiveClass.SPECIAL_MENTION),
        (True, 0, FiveClass.SUBSTANDARD),
        (True, 0, FiveClass.LOSS),
    ],
)
def test_loans_that_are_bad_already_are_named(
    client: LoansClient,
    loan: MakeLoan,
    snapshot: MarketSnapshot,
    *,
    is_bad: bool,
    days: int,
    quality: FiveClass | None,
) -> None:
    client.put_loans(JUNE, [loan("L1")])
    client.record_positions([reported("L1", JUNE, "800000", days, quality)])
    found = client.simulate_portfolio(snapshot, n_paths=1_000)
    assert ("BAD_LOANS_SIMULATED" in [caution.code for caution in found.cautions]) is is_bad
