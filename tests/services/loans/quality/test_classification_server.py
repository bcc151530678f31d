"""Classification through client, server and database."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import grpc
import pytest

from services.loans.client import LoansClient
from services.loans.loan import Loan
from services.loans.quality.classification import ClassRule, DebtorFacts
from services.loans.quality.client import QualityClient
from services.loans.reported.position import FiveClass, LoanPosition
from services.runtime.errors import InvalidInput, NotFound

MARCH, JUNE = dt.date(2026, 3, 31), dt.date(2026, 6, 30)


def position(
    loan_id: str, day: dt.date, days: int = 0, balance: str = "1000000.00", **more: Any
) -> LoanPosition:
    return LoanPosition(loan_id, day, Decimal(balance), 0.045, days, **more)


@pytest.fixture
def quality(channel: grpc.Channel) -> QualityClient:
    return QualityClient(channel)


@pytest.fixture
def book(client: LoansClient, loan: Callable[..., Loan]) -> None:
    """Five loans, two of one borrower; one is never reported, one restructured."""
    client.put_loans(
        dt.date(2026, 1, 31),
        [
            loan("L1", borrower_id="B1"),
            loan("L2", borrower_id="B1"),
            loan("L3"),
            loan("L4", restructured_on=dt.date(2026, 2, 1)),
            loan("L5"),
        ],
    )
    client.record_positions([position(f"L{i}", MARCH) for i in (1, 2, 3, 4)])
    client.record_positions(
        [
            position("L1", JUNE, 91, "200000.00"),
            position("L2", JUNE, 0, "800000.00", quality=FiveClass.NORMAL),
            position("L3", JUNE, 0, "0.00"),
        ]
    )


@pytest.mark.usefixtures("book")
def test_a_book_is_classified_and_compared(quality: QualityClient) -> None:
    found = quality.classify_loans(JUNE, compare_with=MARCH)
    classes = {loan.facts.loan_id: loan.quality for loan in found.loans}
    assert classes == {
        "L1": FiveClass.SUBSTANDARD,
        "L2": FiveClass.SUBSTANDARD,  # 20 % of its borrower's claims are substandard
        "L3": FiveClass.NORMAL,
        "L4": FiveClass.SPECIAL_MENTION,
    }
    second = next(loan for loan in found.loans if loan.facts.loan_id == "L2")
    assert [reason.rule for reason in second.reasons] == [ClassRule.CONTAGION_IN_BANK]
    assert second.is_bank_too_mild
    # 1,000,000 of 2,000,000 that are owed: L3 owes nothing any more.
    assert found.non_performing_ratio == 0.5
    assert found.non_performing_ratio_before == 0.0
    moves = {(move.before, move.after): move.n_loans for move in found.migrations}
    assert moves == {
        (FiveClass.NORMAL, FiveClass.SUBSTANDARD): 2,
        (FiveClass.NORMAL, None): 1,
        (FiveClass.SPECIAL_MENTION, FiveClass.SPECIAL_MENTION): 1,
    }
    assert {caution.code for caution in found.cautions} == {
        "LOANS_WITHOUT_POSITION",
        "POSITIONS_OLD",
        "BANK_CLASS_TOO_MILD",
    }
    assert "classification.restructured_observation_months" in {note.parameter for note in found.rule.notes}
    assert found.rule.in_force_from == dt.date(2023, 7, 1)


@pytest.mark.usefixtures("book")
def test_debt_at_other_banks(quality: QualityClient) -> None:
    facts = DebtorFacts("B-L4", Decimal("100.00"), Decimal("20.01"))
    strangers = DebtorFacts("nobody", Decimal("1.00"), Decimal("0.00"))
    found = quality.classify_loans(JUNE, debtors=[facts, strangers])
    fourth = next(loan for loan in found.loans if loan.facts.loan_id == "L4")
    assert fourth.quality is FiveClass.SUBSTANDARD
    assert [reason.rule for reason in fourth.reasons] == [
        ClassRule.CONTAGION_ACROSS_BANKS,
        ClassRule.RESTRUCTURED,
    ]
    assert "DEBTORS_UNKNOWN" in {caution.code for caution in found.cautions}
    assert found.migrations == ()
    assert found.non_performing_ratio_before is None


@pytest.mark.usefixtures("book")
def test_what_is_refused(quality: QualityClient) -> None:
    with pytest.raises(NotFound, match=r"balance .* on or before 2026-01-31.*: ecopledge loans import"):
        quality.classify_loans(dt.date(2026, 1, 31))
    with pytest.raises(InvalidInput, match=r"as_of: found 2023-06-30, expected 2023-07-01"):
        quality.classify_loans(dt.date(2023, 6, 30))
    with pytest.raises(InvalidInput, match="compare_with"):
        quality.classify_loans(JUNE, compare_with=JUNE)
    facts = DebtorFacts("B1", Decimal("1.00"), Decimal("0.00"))
    with pytest.raises(InvalidInput, match=r"debtors\[1\]\.borrower_id: found 'B1' again"):
        quality.classify_loans(JUNE, debtors=[facts, facts])


def test_a_bank_sees_its_own_loans_alone(client: LoansClient, loan: Callable[..., Loan], server: Any) -> None:
    from services.runtime.channel import open_channel

    client.put_loans(MARCH, [loan("L1")])
    client.record_positions([position("L1", MARCH)])
    with (
        open_channel(server.address, institution_id="bank-b", timeout_s=20.0) as other,
        pytest.raises(NotFound),
    ):
        QualityClient(other).classify_loans(JUNE)
