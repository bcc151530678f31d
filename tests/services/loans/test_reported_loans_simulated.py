"""What is reported of a loan meets the simulation: who owes nothing is at risk no longer, who is bad is named."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import grpc
import pytest

from services.loans.client import LoansClient
from services.loans.loan import Guarantee, Loan, RepaymentKind, RepaymentTerms
from services.loans.quality.client import QualityClient
from services.loans.reported.position import FiveClass, LoanPosition
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
    ("is_bad", "days", "quality", "is_credit_impaired"),
    [
        (False, 90, None, False),
        (True, 91, None, False),
        (False, 0, FiveClass.SPECIAL_MENTION, False),
        (True, 0, FiveClass.SUBSTANDARD, False),
        (True, 0, FiveClass.LOSS, False),
        (True, 0, None, True),
    ],
)
def test_loans_that_are_bad_already_do_not_default_again(
    client: LoansClient,
    loan: MakeLoan,
    snapshot: MarketSnapshot,
    *,
    is_bad: bool,
    days: int,
    quality: FiveClass | None,
    is_credit_impaired: bool,
) -> None:
    client.put_loans(JUNE, [loan("L1"), loan("L2", default_probability_annual=0.5)])
    client.record_positions(
        [replace(reported("L2", JUNE, "812345.67", days, quality), is_credit_impaired=is_credit_impaired)]
    )
    found = client.simulate_portfolio(snapshot, n_paths=1_000)
    assert (found.by_loan[1].exposure_cny == 0.0) is is_bad
    assert (found.by_loan[1].defaults_mean == 0.0) is is_bad
    assert found.by_loan[0].defaults_mean > 0.0
    told = [caution for caution in found.cautions if caution.code == "BAD_LOANS_LEFT_OUT"]
    assert bool(told) is is_bad
    for caution in told:
        assert caution.message_en.startswith(
            "1 loans are more than 90 days overdue or non-performing, 81.23 wan CNY"
        )
        assert "stage 3 in the expected credit loss" in caution.message_en
        assert caution.message_en.endswith("L2")


def test_the_non_performing_ratio_starts_from_the_loans_that_are_bad(
    client: LoansClient, loan: MakeLoan, snapshot: MarketSnapshot
) -> None:
    # 1,000,000 yuan in one sum at the end, that will hardly default, beside 250,000 that have: 25 / 125.
    one_sum = RepaymentTerms(Decimal("1000000.00"), dt.date(2026, 1, 15), 60, 0.045, RepaymentKind.BULLET)
    client.put_loans(JUNE, [loan("L1", terms=one_sum, default_probability_annual=1e-12), loan("L2")])
    client.record_positions([reported("L2", JUNE, "250000", 91)])
    found = client.simulate_portfolio(snapshot, n_paths=1_000, n_quarters=4)
    assert [point.mean for point in found.npl] == pytest.approx([0.2] * 4, rel=1e-9)


def test_a_debtor_is_bad_as_classification_and_capital_see_it(
    client: LoansClient, loan: MakeLoan, snapshot: MarketSnapshot, channel: grpc.Channel
) -> None:
    # B has 100,000 of 900,000 bad, more than a tenth: all its claims are. C has 80,000 of 880,000 bad, less.
    owners = {"B1": "B", "B2": "B", "C1": "C", "C2": "C", "D1": "D"}
    backing = Guarantee("C", 0.9, 0.02)
    client.put_loans(
        JUNE,
        [
            loan(loan_id, borrower_id=owner, guarantee=backing if owner == "D" else None)
            for loan_id, owner in owners.items()
        ],
    )
    client.record_positions(
        [reported("B1", JUNE, "100000", 91), reported("B2", JUNE, "800000"), reported("C1", JUNE, "80000", 91),
         reported("C2", JUNE, "800000"), reported("D1", JUNE, "800000")]
    )  # fmt: skip
    found = client.simulate_portfolio(snapshot, n_paths=4_096)
    left_out = [share.key for share in found.by_loan if share.exposure_cny == 0.0]
    assert left_out == ["B1", "B2", "C1"]
    capital = QualityClient(channel).measure_capital(snapshot, n_paths=4_096)
    defaulted = [item.loan_id for item in capital.loans if item.irb_recognised_cny == 0.0]
    assert defaulted == left_out
    # C is in default with one claim, so that its guarantee for D is worth nothing.
    assert "GUARANTORS_IN_DEFAULT" in [caution.code for caution in found.cautions]
    shares = {share.key: share.expected_loss_cny / share.defaults_mean for share in found.by_loan[3:]}
    assert shares["D1"] == pytest.approx(shares["C2"], rel=0.05)
    assert "GUARANTORS_IN_DEFAULT" in [caution.code for caution in capital.cautions]
    bare, backed = (
        QualityClient(channel).measure_capital(snapshot, loan_ids=[loan_id], n_paths=4_096).totals
        for loan_id in ("C2", "D1")
    )
    # With its guarantee D would lose a tenth; some 205 defaults each: four standard errors of the ratio are 0.4.
    lost = [totals.economic_recognised.expected_loss_cny for totals in (bare, backed)]
    assert lost[1] == pytest.approx(lost[0], rel=0.4)
    # A claim outside the question makes its debtor bad all the same.
    part = client.simulate_portfolio(snapshot, n_paths=1_000, loan_ids=("B2", "D1"))
    assert [share.exposure_cny == 0.0 for share in part.by_loan] == [True, False]
