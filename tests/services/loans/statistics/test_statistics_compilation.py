"""The statistics of a quarter against a book that is added up by hand, and identities on random books."""

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.loans.reported.position import FiveClass, MovementKind
from services.loans.statistics.breaks import check_parts
from services.loans.statistics.facts import LoanFacts, MovementFacts, PositionFacts
from services.loans.statistics.result import CheckKind, Grouping, QuarterStatistics, StatisticsLine
from tests.services.loans.statistics.statistics_cases import (
    CLOSING,
    OPENING,
    QUARTER,
    WAN,
    YEAR_BEFORE,
    YEAR_BEGIN,
    loan,
    movement,
    position,
    statistics,
    taxonomy,
)

DRAWN, REPAID, PREPAID, WRITTEN_OFF = MovementKind


def line(found: QuarterStatistics, grouping: Grouping, *keys: str) -> StatisticsLine:
    return next(row for row in found.lines(grouping) if row.keys == keys)


def small_book(**changes: list[PositionFacts]) -> QuarterStatistics:
    """Four loans, amounts in 万元.

    ========  =======  =====  ======  =======  ===========  =======  =====  ================
    loan      opening  drawn  repaid  prepaid  written off  closing  rate   class
    ========  =======  =====  ======  =======  ===========  =======  =====  ================
    A         100      0      10      0        0            90       4.0 %  normal
    B         0        50     0       0        0            50       3.6 %  normal
    C         40       0      0       40       0            0        -      -
    D         60       0      5       0        25           30       5.0 %  doubtful
    together  200      50     15      40       25           170
    ========  =======  =====  ======  =======  ===========  =======  =====  ================

    200 + 50 - 15 - 40 - 25 = 170.
    """
    loans = [
        loan("A", borrower_id="X"),
        loan("B", borrower_id="X", drawn_on=dt.date(2026, 7, 10), county="肃南县", product="gep",
             purpose="afforestation", guarantee_mode="combined"),
        loan("C", borrower_id="Y", county="肃南县", purpose="solar_power", industry="电力"),
        loan("D", borrower_id="Z", purpose="", county="", guarantee_mode=""),
    ]  # fmt: skip
    opening = [position("A", 100 * WAN, OPENING), position("C", 40 * WAN, OPENING),
               position("D", 60 * WAN, OPENING)]  # fmt: skip
    closing = [
        position("A", 90 * WAN),
        position("B", 50 * WAN, rate_annual=0.036),
        position("C", 0),
        position("D", 30 * WAN, rate_annual=0.05, quality=FiveClass.DOUBTFUL),
    ]
    movements = [
        movement("A", REPAID, 6 * WAN),
        movement("A", REPAID, 4 * WAN, CLOSING),
        movement("B", DRAWN, 50 * WAN, dt.date(2026, 7, 10)),
        movement("C", PREPAID, 40 * WAN),
        movement("D", REPAID, 5 * WAN),
        movement("D", WRITTEN_OFF, 25 * WAN),
    ]
    return statistics(
        loans, changes.get("opening", opening), changes.get("closing", closing), movements,
        year_begin=changes.get("year_begin"), year_before=changes.get("year_before"),
    )  # fmt: skip


def test_total_of_the_small_book() -> None:
    found = small_book()
    total = found.total
    assert [amount // WAN for amount in (
        total.opening_cents, total.drawn_cents, total.repaid_cents, total.prepaid_cents,
        total.written_off_cents, total.closing_cents,
    )] == [200, 50, 15, 40, 25, 170]  # fmt: skip
    assert total.roll_forward_difference_cents == 0
    # A, B and D have a balance; A and B are one borrower's; only B was drawn.
    assert (total.n_loans, total.n_borrowers, total.n_loans_drawn) == (3, 2, 1)
    # (90 x 4.0 % + 50 x 3.6 % + 30 x 5.0 %) / 170 = 6.9 / 170
    assert total.rate_annual == pytest.approx(6.9 / 170, rel=1e-14)
    assert total.class_cents == (140 * WAN, 0, 0, 30 * WAN, 0, 0)
    assert total.non_performing_ratio == pytest.approx(30 / 170, rel=1e-15)


def test_lines_of_the_small_book() -> None:
    found = small_book()
    closing = {
        grouping: {row.keys: row.closing_cents // WAN for row in found.lines(grouping)}
        for grouping in Grouping
    }
    assert closing[Grouping.COUNTY] == {("",): 30, ("甘州区",): 90, ("肃南县",): 50}
    assert closing[Grouping.PURPOSE] == {
        ("",): 30, ("afforestation",): 50, ("solar_power",): 0, ("water_saving",): 90,
    }  # fmt: skip
    assert closing[Grouping.HISTORICAL_STANDARD] == {
        ("",): 30, ("clean_energy",): 0, ("ecological_environment",): 50, ("energy_saving_environment",): 90,
    }  # fmt: skip
    assert closing[Grouping.CURRENT_STANDARD] == {
        ("",): 30, ("ecological_restoration",): 50, ("energy_transition",): 0, ("resource_recycling",): 90,
    }  # fmt: skip
    assert closing[Grouping.COUNTY_PRODUCT] == {
        ("", "water_right"): 30, ("甘州区", "water_right"): 90, ("肃南县", "gep"): 50,
        ("肃南县", "water_right"): 0,
    }  # fmt: skip
    assert closing[Grouping.GUARANTEE_MODE] == {("",): 30, ("combined",): 50, ("pledge",): 90}
    assert line(found, Grouping.COUNTY, "肃南县").prepaid_cents == 40 * WAN
    assert line(found, Grouping.COUNTY, "肃南县").n_loans == 1
    # Z has no purpose: the only break of the book.
    assert [(item.kind, item.loan_id, item.amount_cents) for item in found.breaks] == [
        (CheckKind.PURPOSE_MAPPED, "D", 60 * WAN)
    ]
    assert [check.holds for check in found.checks].count(False) == 1


def test_growth_needs_its_history() -> None:
    without = small_book().total
    assert (without.year_begin_cents, without.growth_since_year_begin, without.growth_year_on_year) == (
        None, None, None,
    )  # fmt: skip
    found = small_book(
        year_begin=[position("D", 80 * WAN, YEAR_BEGIN)], year_before=[position("D", 85 * WAN, YEAR_BEFORE)]
    )
    # 170 / 80 - 1 and 170 / 85 - 1; of D alone 30 / 80 - 1. A, B and C were drawn later.
    assert found.total.growth_since_year_begin == pytest.approx(1.125, rel=1e-15)
    assert found.total.growth_year_on_year == pytest.approx(1.0, rel=1e-15)
    assert line(found, Grouping.COUNTY, "").growth_since_year_begin == pytest.approx(-0.625, rel=1e-15)
    of_gep = line(found, Grouping.PRODUCT, "gep")
    assert (of_gep.year_begin_cents, of_gep.growth_since_year_begin) == (0, None)


def test_a_history_with_holes_is_told() -> None:
    older = loan("E", drawn_on=dt.date(2025, 1, 1))
    found = statistics(
        [loan("A", drawn_on=dt.date(2025, 1, 1)), older],
        [position("A", WAN, OPENING), position("E", WAN, OPENING)],
        [position("A", WAN), position("E", WAN)],
        [],
        year_begin=[position("A", WAN, YEAR_BEGIN)],
    )
    assert [(item.kind, item.loan_id, item.about) for item in found.breaks] == [
        (CheckKind.HISTORY_POSITION, "E", "2025-12-31")
    ]


def test_a_roll_forward_that_does_not_hold_names_its_loans_largest_first() -> None:
    found = statistics(
        [loan("A"), loan("B"), loan("C")],
        [position("A", 100, OPENING), position("B", 5_000, OPENING), position("C", 7, OPENING)],
        [position("A", 101), position("B", 4_000), position("C", 7)],
        [movement("B", REPAID, 300), movement("B", WRITTEN_OFF, 200), movement("B", DRAWN, 50)],
    )
    # B: 4,000 - (5,000 + 50 - 300 - 200) = -550; A: 101 - 100 = 1.
    assert [(item.loan_id, item.amount_cents) for item in found.breaks] == [("B", -550), ("A", 1)]
    of_b = found.breaks[0]
    assert (of_b.opening_cents, of_b.drawn_cents, of_b.repaid_cents, of_b.prepaid_cents,
            of_b.written_off_cents, of_b.closing_cents) == (5_000, 50, 300, 0, 200, 4_000)  # fmt: skip
    assert found.total.roll_forward_difference_cents == -549
    check = found.checks[0]
    assert (check.kind, check.n_breaks, check.amount_cents) == (CheckKind.ROLL_FORWARD, 2, 551)


def test_every_other_check_names_its_loan() -> None:
    late, unknown = dt.date(2026, 9, 20), "no-such-purpose"
    found = statistics(
        [
            loan("A"),
            loan("B"),
            loan("C", drawn_on=dt.date(2026, 9, 1)),
            loan("D", matures_on=dt.date(2026, 8, 1)),
            loan("E", purpose=unknown),
        ],
        [position("B", 10, OPENING), position("D", 5, OPENING), position("E", 3, OPENING)],
        [position("A", 0), position("B", 10, late), position("C", 9, quality=None), position("D", 6),
         position("E", 3), position("G", 4)],
        [movement("C", DRAWN, 9, dt.date(2026, 8, 31)), movement("D", DRAWN, 1, dt.date(2026, 8, 2)),
         movement("D", REPAID, 1, dt.date(2026, 8, 3)), movement("D", DRAWN, 1, dt.date(2026, 8, 1)),
         movement("G", DRAWN, 4)],
    )  # fmt: skip
    assert [(item.kind, item.loan_id, item.about, item.amount_cents) for item in found.breaks] == [
        (CheckKind.OPENING_POSITION, "A", "2026-06-30", 0),
        (CheckKind.POSITION_OF_THE_DAY, "B", "2026-09-20 < 2026-09-30", 10),
        (CheckKind.MOVEMENT_WITHIN_LIFE, "C", "2026-09-01 / 2030-01-15", 9),
        # A repayment after maturity is an overdue one, a drawing on the day of maturity is within the life.
        (CheckKind.MOVEMENT_WITHIN_LIFE, "D", "2026-01-15 / 2026-08-01", 1),
        (CheckKind.LOAN_ON_RECORD, "G", "2026-09-30", 4),
        (CheckKind.PURPOSE_MAPPED, "E", unknown, 3),
        (CheckKind.QUALITY_ASSIGNED, "C", "", 9),
    ]
    # A loan that is not on record is on the lines of what is not mapped, and in the total.
    assert line(found, Grouping.COUNTY, "").closing_cents == 4
    assert found.total.closing_cents == 10 + 9 + 6 + 3 + 4


def test_loans_approved_before_publication_and_drawn_after_keep_the_historical_standard() -> None:
    published = taxonomy().current.published_on
    before, after = published - dt.timedelta(days=1), published + dt.timedelta(days=1)
    cases = {
        "drawn-before": loan("1", approved_on=before, drawn_on=before),
        "kept": loan("2", approved_on=before, drawn_on=published),
        "approved-after": loan("3", approved_on=published, drawn_on=after),
        "not-known": loan("4", approved_on=None, drawn_on=after),
        "kept-unmapped": loan("5", approved_on=before, drawn_on=after, purpose=""),
        "new-purpose": loan("6", purpose="green_trade"),
        "kept-outside": loan("7", approved_on=before, drawn_on=after, purpose="green_trade"),
    }
    amounts = {item.loan_id: 10 ** int(item.loan_id) for item in cases.values()}
    found = statistics(
        list(cases.values()),
        [position(key, amount, OPENING) for key, amount in amounts.items()],
        [position(key, amount) for key, amount in amounts.items()],
        [],
    )
    current = {row.keys[0]: row.closing_cents for row in found.lines(Grouping.CURRENT_STANDARD)}
    assert current == {
        "": 100_000,
        "2019:energy_saving_environment": 100,
        "2019:outside": 10_000_000,
        "green_trade": 1_000_000,
        "resource_recycling": 10 + 1_000 + 10_000,
    }
    historical = {row.keys[0]: row.closing_cents for row in found.lines(Grouping.HISTORICAL_STANDARD)}
    assert historical == {"": 100_000, "energy_saving_environment": 11_110, "outside": 11_000_000}
    assert (found.n_kept, found.n_without_approval_day) == (3, 1)


def test_spaces_around_a_name_make_no_other_line() -> None:
    # U+3000 is the space of Chinese texts.
    counties = ["甘州区", " 甘州区", "甘州区\u3000", "\u3000"]
    found = statistics(
        [loan(str(i), county=county) for i, county in enumerate(counties)],
        [position(str(i), 1, OPENING) for i in range(4)],
        [position(str(i), 1) for i in range(4)],
        [],
    )
    assert {row.keys: row.n_loans for row in found.lines(Grouping.COUNTY)} == {("",): 1, ("甘州区",): 3}


def test_an_empty_quarter_is_a_line_of_zeros() -> None:
    found = statistics([], [], [], [])
    total = found.total
    assert (total.opening_cents, total.closing_cents, total.n_loans, total.rate_annual) == (0, 0, 0, None)
    assert (total.year_begin_cents, total.non_performing_ratio) == (None, None)
    assert found.is_clean
    assert all(found.lines(grouping) == () for grouping in Grouping if grouping is not Grouping.TOTAL)


def test_sums_are_exact_beyond_what_a_double_holds() -> None:
    # 3 x (2^53 + 1) cents is odd in the last digit, which doubles lose.
    odd = 2**53 + 1
    found = statistics(
        [loan(str(i)) for i in range(3)],
        [position(str(i), odd, OPENING) for i in range(3)],
        [position(str(i), odd) for i in range(3)],
        [],
    )
    assert found.total.closing_cents == 3 * odd
    assert found.is_clean


def test_amounts_that_leave_64_bits_are_refused() -> None:
    with pytest.raises(ValueError, match="expected at most"):
        statistics([loan("A"), loan("B")], [], [position("A", 6 * 10**18), position("B", 6 * 10**18)], [])


COUNTIES = st.sampled_from(["甘州区", "肃南裕固族自治县", "𠮷县", "a b", ""])
CENTS = st.integers(0, 10**12)


@st.composite
def books(
    draw: st.DrawFn,
) -> tuple[list[LoanFacts], list[PositionFacts], list[PositionFacts], list[MovementFacts], set[str]]:
    """Random books: of some loans the closing balance is wrong by some cents, and their ids are returned."""
    loans, opening, closing, movements, wrong = [], [], [], [], set()
    for i in range(draw(st.integers(0, 12))):
        loan_id = f"L{i}"
        loans.append(
            loan(
                loan_id,
                borrower_id=f"B{draw(st.integers(0, 4))}",
                county=draw(COUNTIES),
                product=draw(st.sampled_from(["gep", "water_right", ""])),
                purpose=draw(st.sampled_from(["solar_power", "green_trade", "x", ""])),
                approved_on=draw(st.sampled_from([None, dt.date(2025, 1, 1), dt.date(2026, 1, 1)])),
            )
        )
        at_first, drawn = draw(CENTS), draw(CENTS)
        left = at_first + drawn
        if drawn:
            movements.append(movement(loan_id, DRAWN, drawn))
        for kind in (REPAID, PREPAID, WRITTEN_OFF):
            amount = draw(st.integers(0, left))
            left -= amount
            if amount:
                movements.append(movement(loan_id, kind, amount))
        error = draw(st.integers(0, 3))
        if error:
            wrong.add(loan_id)
        opening.append(position(loan_id, at_first, OPENING))
        quality = draw(st.sampled_from([*FiveClass, None]))
        rate = draw(st.integers(0, 1_000)) / 10_000
        closing.append(position(loan_id, left + error, rate_annual=rate, quality=quality))
    return loans, opening, closing, movements, wrong


@given(books())
def test_identities_hold_on_random_books(
    book: tuple[list[LoanFacts], list[PositionFacts], list[PositionFacts], list[MovementFacts], set[str]],
) -> None:
    loans, opening, closing, movements, wrong = book
    found = statistics(loans, opening, closing, movements)
    total = found.total
    # Against sums of Python integers, which are exact.
    assert total.opening_cents == sum(row.balance_cents for row in opening)
    assert total.closing_cents == sum(row.balance_cents for row in closing)
    for kind, amount in zip(
        MovementKind,
        (total.drawn_cents, total.repaid_cents, total.prepaid_cents, total.written_off_cents),
        strict=True,
    ):
        assert amount == sum(row.amount_cents for row in movements if row.kind is kind)
    assert {item.loan_id for item in found.breaks if item.kind is CheckKind.ROLL_FORWARD} == wrong
    assert total.roll_forward_difference_cents == sum(
        item.amount_cents for item in found.breaks if item.kind is CheckKind.ROLL_FORWARD
    )
    assert sum(total.class_cents) == total.closing_cents
    with_balance = {row.loan_id for row in closing if row.balance_cents > 0}
    assert total.n_borrowers == len({row.borrower_id for row in loans if row.loan_id in with_balance})
    if total.closing_cents:
        exact = sum(Fraction(row.rate_annual) * row.balance_cents for row in closing) / total.closing_cents
        assert total.rate_annual == pytest.approx(float(exact), rel=1e-12)
    for table in found.tables:
        assert check_parts(total, table) == {}
        borrowers = [row.n_borrowers for row in table.lines]
        assert max(borrowers, default=0) <= total.n_borrowers <= sum(borrowers)
        assert [row.keys for row in table.lines] == sorted(row.keys for row in table.lines)
    shuffled = statistics(loans[::-1], opening[::-1], closing[::-1], movements[::-1])
    assert shuffled == found


def test_four_quarters_open_where_the_one_before_closed() -> None:
    quarter, balance, before = QUARTER, 1_000 * WAN, None
    for step in range(4):
        opening, repaid = balance, (step + 1) * WAN
        balance -= repaid
        found = statistics(
            [loan("A", drawn_on=dt.date(2026, 1, 15))],
            [position("A", opening, quarter.opening_day)],
            [position("A", balance, quarter.closing_day)],
            [movement("A", REPAID, repaid, quarter.closing_day)],
            quarter=quarter,
        )
        assert found.is_clean
        assert before is None or found.total.opening_cents == before
        before = found.total.closing_cents
        quarter = type(quarter).read({3: f"{quarter.year}Q4", 4: f"{quarter.year + 1}Q1"}.get(
            quarter.number, f"{quarter.year}Q{quarter.number + 1}"))  # fmt: skip
    # 1,000 - (1 + 2 + 3 + 4)
    assert before == 990 * WAN


def test_a_drawing_taken_back_is_no_loan_that_was_drawn() -> None:
    """Of two loans one was drawn; of the other a drawing of the quarter before is withdrawn in this one."""
    found = statistics(
        [loan("L1", drawn_on=dt.date(2026, 8, 15)), loan("L2")],
        [position("L2", 500 * WAN, OPENING)],
        [position("L1", 300 * WAN), position("L2", 400 * WAN)],
        [movement("L1", DRAWN, 300 * WAN), movement("L2", DRAWN, -100 * WAN)],
    )
    total = found.tables[0].lines[0]
    assert (total.drawn_cents, total.n_loans_drawn) == (200 * WAN, 1)
    assert found.breaks == ()
