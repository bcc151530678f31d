"""Five classes: every edge of the day counts, contagion, observation, and the identities of totals and migrations.

Expected classes follow from order No. 1 of 2023 as data/loans/credit_rules.toml states it.
"""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.loans.quality.book_quality import class_totals, migrations, non_performing_ratio
from services.loans.quality.classification import (
    ClassifiedLoan,
    ClassRule,
    DebtorFacts,
    LoanFacts,
    class_of_overdue_days,
    classify,
    rank,
)
from services.loans.quality.rules_file import read_standard_rules
from services.loans.reported.position import FiveClass

DAY = dt.date(2026, 6, 30)
RULES = read_standard_rules().classification_on(DAY)
MILLION = Decimal(1_000_000)


def one(facts: LoanFacts, **more: object) -> ClassifiedLoan:
    [found] = classify([facts], DAY, RULES, **more)  # type: ignore[arg-type]  # a mapping of debtors or nothing
    return found


def loan(
    loan_id: str = "L1", borrower: str = "B1", balance: Decimal = MILLION, days: int = 0, **more: object
) -> LoanFacts:
    return LoanFacts(loan_id, borrower, balance, days, **more)  # type: ignore[arg-type]  # keywords of the facts


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, FiveClass.NORMAL),
        (1, FiveClass.SPECIAL_MENTION),
        (89, FiveClass.SPECIAL_MENTION),
        (90, FiveClass.SPECIAL_MENTION),  # exactly 90 is not more than 90
        (91, FiveClass.SUBSTANDARD),
        (270, FiveClass.SUBSTANDARD),
        (271, FiveClass.DOUBTFUL),
        (360, FiveClass.DOUBTFUL),
        (361, FiveClass.LOSS),
    ],
)
def test_every_edge_of_the_day_counts(days: int, expected: FiveClass) -> None:
    found = one(loan(days=days))
    assert found.quality is expected
    assert found.is_non_performing == (days > 90)
    assert [reason.rule for reason in found.reasons] == ([ClassRule.OVERDUE] if days else [])


@given(st.integers(0, 2_000), st.integers(0, 2_000))
def test_more_days_are_never_a_better_class(a: int, b: int) -> None:
    few, many = sorted((a, b))
    assert rank(class_of_overdue_days(few, RULES)) <= rank(class_of_overdue_days(many, RULES))


@given(st.integers(0, 500), st.sampled_from([None, *FiveClass]), st.booleans())
def test_the_result_is_the_worst_of_its_reasons_and_never_better_than_the_bank(
    days: int, own: FiveClass | None, impaired: bool
) -> None:
    found = one(loan(days=days, bank_quality=own, is_credit_impaired=impaired))
    asked = [class_of_overdue_days(days, RULES), own or FiveClass.NORMAL]
    asked += [FiveClass.SUBSTANDARD] if impaired else []
    assert rank(found.quality) == max(rank(quality) for quality in asked)
    assert [rank(r.at_least) for r in found.reasons] == sorted(
        (rank(r.at_least) for r in found.reasons), reverse=True
    )
    assert found.is_bank_too_mild == (own is not None and rank(own) < rank(found.quality))


def test_an_impaired_loan_that_pays_is_substandard() -> None:
    found = one(loan(is_credit_impaired=True))
    assert found.quality is FiveClass.SUBSTANDARD
    assert found.reasons[0].rule is ClassRule.CREDIT_IMPAIRED


@pytest.mark.parametrize(
    ("restructured_on", "expected"),
    [
        (dt.date(2025, 6, 30), FiveClass.NORMAL),  # a year later to the day: the observation is over
        (dt.date(2025, 7, 1), FiveClass.SPECIAL_MENTION),
        (dt.date(2026, 6, 30), FiveClass.SPECIAL_MENTION),
        (dt.date(2026, 7, 1), FiveClass.NORMAL),  # not yet restructured
    ],
)
def test_a_restructured_loan_is_observed_for_a_year(restructured_on: dt.date, expected: FiveClass) -> None:
    assert one(loan(restructured_on=restructured_on)).quality is expected


@pytest.mark.parametrize(("bad", "spreads"), [("99999.99", False), ("100000.00", False), ("100000.01", True)])
def test_contagion_in_the_bank_begins_above_a_tenth(bad: str, spreads: bool) -> None:
    """Of claims of 1,000,000 exactly 100,000 is a tenth, which is not more than a tenth."""
    amount = Decimal(bad)
    first, second, other = classify(
        [
            loan("L1", balance=amount, days=91),
            loan("L2", balance=MILLION - amount),
            loan("L3", borrower="B2"),
        ],
        DAY,
        RULES,
    )
    assert first.quality is FiveClass.SUBSTANDARD
    assert second.quality is (FiveClass.SUBSTANDARD if spreads else FiveClass.NORMAL)
    assert other.quality is FiveClass.NORMAL
    if spreads:
        assert second.reasons[0].rule is ClassRule.CONTAGION_IN_BANK
        assert "1,000,000.00" in second.reasons[0].message_zh


@pytest.mark.parametrize(("overdue", "spreads"), [("200000.00", False), ("200000.01", True)])
def test_contagion_across_banks_begins_above_a_fifth(overdue: str, spreads: bool) -> None:
    facts = {"B1": DebtorFacts("B1", MILLION, Decimal(overdue))}
    found = one(loan(), debtors=facts)
    assert found.is_non_performing == spreads
    assert [reason.rule for reason in found.reasons] == (
        [ClassRule.CONTAGION_ACROSS_BANKS] if spreads else []
    )


def test_contagion_leaves_a_worse_class_alone() -> None:
    first, _ = classify([loan("L1", days=400), loan("L2")], DAY, RULES)
    assert first.quality is FiveClass.LOSS


def test_a_day_before_the_rule_is_refused() -> None:
    with pytest.raises(Exception, match=r"as_of: found 2023-06-30, expected 2023-07-01 or later"):
        read_standard_rules().classification_on(dt.date(2023, 6, 30))
    assert read_standard_rules().classification_on(dt.date(2023, 7, 1)) == RULES


@pytest.mark.parametrize(("debt", "overdue"), [("0", "0"), ("1", "2"), ("1", "-1"), ("NaN", "0")])
def test_debtor_facts_are_checked(debt: str, overdue: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        DebtorFacts("B1", Decimal(debt), Decimal(overdue))


balances = st.decimals(0, 10**9, places=2)
records = st.lists(
    st.tuples(st.sampled_from(["B1", "B2", "B3"]), balances, st.integers(0, 500)), min_size=1, max_size=8
)


@given(records, records)
def test_totals_and_migrations_add_up(
    then: list[tuple[str, Decimal, int]], now: list[tuple[str, Decimal, int]]
) -> None:
    books = [
        classify(
            [loan(f"L{i}", who, balance, days) for i, (who, balance, days) in enumerate(rows)], DAY, RULES
        )
        for rows in (then, now)
    ]
    for book in books:
        totals = class_totals(book)
        assert sum(t.balance_cny for t in totals) == sum(item.facts.balance_cny for item in book)
        bad = sum(item.facts.balance_cny for item in book if item.is_non_performing)
        whole = sum(item.facts.balance_cny for item in book)
        assert non_performing_ratio(totals) == (float(bad / whole) if whole else 0.0)
    moved = migrations(*books)
    for quality in FiveClass:
        before = sum(m.balance_before_cny for m in moved if m.before is quality)
        after = sum(m.balance_after_cny for m in moved if m.after is quality)
        assert before == next(t.balance_cny for t in class_totals(books[0]) if t.quality is quality)
        assert after == next(t.balance_cny for t in class_totals(books[1]) if t.quality is quality)
    assert all(m.before is not None or m.after is not None for m in moved)
