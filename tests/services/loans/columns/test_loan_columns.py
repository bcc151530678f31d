"""Columns parsed from stored texts are those of the loans themselves, for any loan; and the store reads them so."""

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from quant.repayment.daycount import DayCount
from services.loans.columns.from_texts import columns_from_texts
from services.loans.columns.index_codes import list_codes
from services.loans.columns.loan_columns import loan_columns
from services.loans.columns.term_columns import term_columns
from services.loans.conditions import GuaranteeMode
from services.loans.loan import Guarantee, IndexWeight, Loan, RepaymentKind, RepaymentTerms
from services.loans.repayment.changes import LprTenor, Prepayment, PrepaymentEffect, RateReset
from services.loans.repository import SqlLoanStore
from services.loans.stored import loan_to_text

JUNE = dt.date(2026, 6, 30)
MakeLoan = Callable[..., Loan]

fractions = st.floats(0.0, 1.0)
texts = st.text(st.characters(codec="utf-8"), max_size=8)
names = st.sampled_from(["credit_cycle", "water_price", '水 "价"'])


@st.composite
def terms(draw: st.DrawFn) -> RepaymentTerms:
    periods = draw(st.integers(1, 600))
    kind = draw(st.sampled_from(list(RepaymentKind)))
    cents = draw(st.integers(periods, 10**15))
    parts: tuple[Decimal, ...] = ()
    if kind is RepaymentKind.CUSTOM:
        parts = (Decimal(cents - periods + 1).scaleb(-2), *[Decimal("0.01")] * (periods - 1))
    made = RepaymentTerms(
        # Whole yuan may be written without cents, and with an exponent.
        Decimal(cents).scaleb(-2).normalize() if draw(st.booleans()) else Decimal(cents).scaleb(-2),
        draw(st.dates(dt.date(1950, 1, 1), dt.date(2100, 1, 31))),
        periods,
        draw(fractions),
        kind,
        draw(st.sampled_from([1, 3, 6, 12])),
        0 if parts else draw(st.integers(0, periods - 1)),
        draw(st.sampled_from([None, None, *DayCount])),
        draw(st.sampled_from([None, RateReset(LprTenor.ONE_YEAR, 50.0, 12)])),
        custom_principal_cny=parts,
    )
    if draw(st.booleans()):
        paid = Prepayment(made.drawn_on, Decimal("0.01"), PrepaymentEffect.TERM_KEPT)
        return replace(made, prepayments=(paid,))
    return made


@st.composite
def loans(draw: st.DrawFn) -> Loan:
    return Loan(
        draw(st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).filter(str.strip)),
        draw(st.sampled_from(["B1", "B2", "借款人"])),
        draw(texts),
        draw(texts),
        draw(texts),
        draw(st.sampled_from(["gep", ""])),
        draw(terms()),
        draw(fractions),
        draw(st.floats(0.0, 1.0, exclude_max=True)),
        draw(fractions),
        tuple(
            IndexWeight(name, draw(st.floats(-1e6, 1e6).filter(bool)))
            for name in draw(st.lists(names, unique=True))
        ),
        draw(st.sampled_from([None, Guarantee("", 0.5, 0.0), Guarantee("G1", 0.8, 0.02)])),
        guarantee_mode=draw(st.sampled_from([None, *GuaranteeMode])),
        compensation_share=draw(st.sampled_from([0.0, 0.25])),
    )


def assert_same(found: Any, expected: Any, name: str = "") -> None:
    if is_dataclass(expected) and not isinstance(expected, RepaymentTerms | IndexWeight):
        for field in fields(expected):
            assert_same(getattr(found, field.name), getattr(expected, field.name), f"{name}.{field.name}")
    elif isinstance(expected, np.ndarray):
        np.testing.assert_array_equal(found, expected, err_msg=name)
        assert found.dtype == expected.dtype, name
    else:
        assert found == expected, name


@given(st.lists(loans(), min_size=1, max_size=12), st.integers(1, 12))
def test_texts_give_the_columns_of_the_loans(book: list[Loan], at_once: int) -> None:
    stored = [loan_to_text(loan) for loan in book]
    chunks = [stored[begin : begin + at_once] for begin in range(0, len(stored), at_once)]
    expected = loan_columns(book, hashlib.sha256("".join(stored).encode()).hexdigest())
    assert_same(columns_from_texts(chunks), expected)


@given(st.lists(terms(), min_size=1, max_size=20))
def test_every_loan_matures_on_the_day_of_its_terms(book: list[RepaymentTerms]) -> None:
    assert term_columns(book).matures_on.tolist() == [term.matures_on for term in book]


@given(st.lists(st.lists(st.integers(0, 3), max_size=4), max_size=30))
def test_lists_get_one_number_exactly_where_they_are_equal(lists: list[list[int]]) -> None:
    lengths = np.array([len(one) for one in lists], dtype=np.int64)
    elements = np.array([element for one in lists for element in one], dtype=np.int64)
    codes, first = list_codes(lengths, elements)
    numbers: dict[tuple[int, ...], int] = {}
    assert codes.tolist() == [numbers.setdefault(tuple(one), len(numbers)) for one in lists]
    assert [tuple(lists[row]) for row in first] == list(numbers)


def test_nothing_gives_no_columns() -> None:
    empty = columns_from_texts([])
    assert len(empty) == 0
    assert empty.content_hash == hashlib.sha256().hexdigest()


@pytest.fixture
def store(loans_engine: sa.Engine) -> Any:
    with loans_engine.begin() as connection:
        yield SqlLoanStore(connection, "bank-a")


def test_the_store_reads_the_state_in_force_of_each_loan_in_order(
    store: SqlLoanStore, loan: MakeLoan
) -> None:
    may, july = dt.date(2026, 5, 31), dt.date(2026, 7, 31)
    store.put_loans(JUNE, [loan("L3"), loan("L1"), loan("L2", county="old")])
    store.put_loans(JUNE, [loan("L2", county="corrected")])
    store.put_loans(may, [loan("L1", county="before")])
    store.put_loans(july, [loan("L1", county="later"), loan("L9")])
    SqlLoanStore(store.connection, "bank-b").put_loans(JUNE, [loan("L0")])
    for day, ids in (
        (may, ()),
        (JUNE, ()),
        (july, ()),
        (JUNE, ("L3", "L2", "L9", "L2")),
        (dt.date(2020, 1, 1), ()),
    ):
        expected = store.loans_in_force(day, ids)
        text = "".join(map(loan_to_text, expected))
        found = store.loan_columns_in_force(day, ids)
        assert_same(found, loan_columns(expected, hashlib.sha256(text.encode()).hexdigest()))
    assert store.loan_columns_in_force(JUNE).loan_ids == ("L1", "L2", "L3")
    assert store.loan_columns_in_force(JUNE).county.texts() == ["甘州区", "corrected", "甘州区"]
