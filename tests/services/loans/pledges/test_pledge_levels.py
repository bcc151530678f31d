"""Levels, margin calls and reasons to value again: edges and exact amounts."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.loans.collateral import Collateral
from services.loans.pledges.event import crossing_of
from services.loans.pledges.levels import (
    STANDARD_LEVELS,
    PledgeLevel,
    ProductLevels,
    RevaluationRule,
    read_levels,
    read_standard_levels,
)
from services.loans.pledges.margin import margin_call
from services.loans.pledges.monitored import RevaluationReason
from services.loans.pledges.revaluations import revaluations_due
from services.runtime.bundled import bundled
from services.runtime.errors import InvalidInput

LEVELS = ProductLevels("", 0.70, 0.80, 0.90, is_assumption=True, citation="the tests")
RULE = RevaluationRule(12, 0.10, is_assumption=True, citation="the tests")


@pytest.mark.parametrize(
    ("balance", "value", "expected"),
    [
        (69.99, 100.0, PledgeLevel.NORMAL),
        (70.0, 100.0, PledgeLevel.WARNING),  # at the level it is reached
        (80.0, 100.0, PledgeLevel.CALL),
        (90.0, 100.0, PledgeLevel.LIQUIDATION),
        (1.0, 0.0, PledgeLevel.LIQUIDATION),
        (0.0, 0.0, PledgeLevel.NORMAL),
    ],
)
def test_level_of(balance: float, value: float, expected: PledgeLevel) -> None:
    assert LEVELS.level_of(balance, value) is expected


@pytest.mark.parametrize("value", [100_000.0, 200_000.0, 1_200_000.0])
def test_a_loan_at_its_level_has_reached_it_whatever_floats_say(value: float) -> None:
    """0.55 x 100,000 is 55,000.00000000001 in floats."""
    levels = ProductLevels("", 0.55, 0.65, 0.80, is_assumption=True, citation="the tests")
    assert levels.level_of(round(0.55 * value), value) is PledgeLevel.WARNING
    assert levels.level_of(round(0.55 * value) - 0.01, value) is PledgeLevel.NORMAL


def test_margin_call_by_hand() -> None:
    """85 against 100 with a call level of 80 %: pay 85 - 80 = 5, or pledge 85 / 0.8 - 100 = 6.25 more."""
    assert margin_call(85.0, 100.0, LEVELS) == (Decimal("5.00"), Decimal("6.25"))
    assert margin_call(79.99, 100.0, LEVELS) == (Decimal("0.00"), Decimal("0.00"))
    assert margin_call(50.0, 0.0, LEVELS) == (Decimal("50.00"), Decimal("62.50"))


@given(st.floats(1.0, 1e9), st.floats(0.0, 1e9))
def test_a_margin_call_brings_back_to_the_call_level(balance: float, value: float) -> None:
    cash, pledge = margin_call(balance, value, LEVELS)
    called = LEVELS.level_of(balance, value) in {PledgeLevel.CALL, PledgeLevel.LIQUIDATION}
    assert (cash > 0 or pledge > 0) <= called
    if called:
        call = Decimal("0.8")
        exact_balance, exact_value = Decimal(repr(balance)), Decimal(repr(value))
        assert exact_balance - cash <= call * exact_value
        assert exact_balance <= call * (exact_value + pledge)
        # No more than a fen too much.
        assert exact_balance - cash > call * exact_value - Decimal("0.01")
        assert exact_balance > call * (exact_value + pledge - Decimal("0.01"))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (200.0, 125.0, (PledgeLevel.NORMAL, PledgeLevel.CALL)),
        (125.0, 200.0, (PledgeLevel.CALL, PledgeLevel.NORMAL)),
        (200.0, 160.0, None),
        (None, 200.0, None),
        (None, 110.0, (None, PledgeLevel.LIQUIDATION)),
        (200.0, None, None),
        (200.0, 0.0, (PledgeLevel.NORMAL, PledgeLevel.LIQUIDATION)),
    ],
)
def test_crossings(
    before: float | None, after: float | None, expected: tuple[PledgeLevel | None, PledgeLevel] | None
) -> None:
    found = crossing_of(
        "L1", dt.date(2026, 6, 30), LEVELS, balance_cny=100.0, value_before_cny=before, value_after_cny=after
    )
    assert (None if found is None else (found.before, found.after)) == expected


def reasons(item: Collateral, value_cny: float, day: dt.date) -> list[RevaluationReason]:
    return [due.reason for due in revaluations_due(item, value_cny, day, RULE)]


def test_reasons_to_value_again(collateral: Callable[..., Collateral]) -> None:
    valued = dt.date(2026, 6, 30)
    item = collateral(value_cny=1000.0, pledged_share=0.5, valuation_date=valued)
    assert reasons(item, 500.0, valued) == []
    assert (
        reasons(item, 550.0, dt.date(2027, 6, 30)) == []
    )  # a tenth is not more than a tenth; a year to the day
    assert reasons(item, 550.01, dt.date(2027, 7, 1)) == [
        RevaluationReason.OLD,
        RevaluationReason.MARKET_MOVED,
    ]
    assert reasons(item, 449.99, valued) == [RevaluationReason.MARKET_MOVED]
    assert reasons(collateral(valuation_date=valued), 1.0, valued) == [RevaluationReason.NO_VALUE]
    warned = collateral(value_cny=2.0, valuation_warnings=("UNIT_DOUBTFUL",), valuation_date=valued)
    [due] = revaluations_due(warned, 2.0, valued, RULE)
    assert due.reason is RevaluationReason.CAUTION
    assert "UNIT_DOUBTFUL" in due.message_zh
    # An assumption stays one: where it is all that was said, there is nothing that a valuation would mend.
    codes = ("UNSTATED_BASIS", "ASSUMED_INPUT")
    assumed, more = (
        collateral(value_cny=2.0, valuation_warnings=warnings, valuation_date=valued)
        for warnings in (("ASSUMED_INPUT",), codes)
    )
    assert reasons(assumed, 2.0, valued) == []
    [due] = revaluations_due(more, 2.0, valued, RULE)
    assert due.message_zh == "上次估值带有提示：价值口径未说明"
    assert reasons(collateral(value_cny=0.0, valuation_date=valued), 5.0, valued) == [
        RevaluationReason.MARKET_MOVED
    ]


def test_the_bundled_levels_are_assumptions() -> None:
    rules = read_standard_levels()
    assert all(levels.is_assumption for levels in rules.by_product.values())
    assert rules.revaluation.is_assumption
    assert rules.levels_of("no such product") == rules.by_product[""]
    assert rules.levels_of("water_right").warning == 0.65
    assert rules.levels_of("water_right+credit").warning == 0.65
    assert rules.levels_of("water_rights").warning == 0.70


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("warning = 0.70", "warning = 0.85", "expected 0 < warning < call < liquidation"),
        ('[[levels]]\nproduct = ""', '[[levels]]\nproduct = "x"', "one with an empty name"),
        ("interval_months = 12", "interval_months = 0", "expected 1 to 600"),
        ("call = 0.80", 'call = "high"', "call"),
    ],
)
def test_wrong_levels(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = bundled(STANDARD_LEVELS).read_text("utf-8")
    path = tmp_path / "levels.toml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(InvalidInput, match=message):
        read_levels(path)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_levels(tmp_path / "none.toml")
