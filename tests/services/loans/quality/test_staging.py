"""Stages: every edge and switch, the reason that decides, and what is said where nothing can be compared."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.loans.quality.classification import LoanFacts, classify
from services.loans.quality.present_losses import (
    PresentLosses,
    discount_factors,
    effective_rate,
    quarter_ends,
)
from services.loans.quality.rules_file import read_standard_rules
from services.loans.quality.staging import Origination, StageReason, StagingFacts, stage_of
from services.loans.reported.position import FiveClass

DAY = dt.date(2026, 6, 30)
RULES = read_standard_rules()
LOSSES, CLASSES = RULES.credit_loss_on(DAY), RULES.classification_on(DAY)


def stage(
    days: int = 0,
    *,
    now: float = 0.02,
    then: float | None = 0.02,
    impaired: bool = False,
    own: FiveClass | None = None,
    restructured_on: dt.date | None = None,
) -> tuple[int, tuple[StageReason, ...]]:
    facts = LoanFacts("L1", "B1", Decimal(100), days, impaired, own, restructured_on)
    [classified] = classify([facts], DAY, CLASSES)
    origination = None if then is None else Origination(then, "given", "给出")
    return stage_of(StagingFacts(now, origination, restructured_on, classified), DAY, LOSSES, CLASSES)


@pytest.mark.parametrize(("days", "expected"), [(0, 1), (1, 1), (30, 1), (31, 2), (90, 2), (91, 3), (500, 3)])
def test_back_stops(days: int, expected: int) -> None:
    found, reasons = stage(days)
    assert found == expected
    assert reasons[0].stage == expected


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        (0.02, 0.04, 2),  # twice and two points
        (0.02, 0.0399, 1),
        (0.001, 0.002, 1),  # twice, but by a tenth of a point
        (0.001, 0.006, 2),
        (0.004, 0.009, 2),  # half a point to the dot, which floats put below it
        (0.004, 0.0089, 1),
        (None, 0.5, 1),
    ],
)
def test_a_significant_increase_is_a_multiple_and_a_distance(
    then: float | None, now: float, expected: int
) -> None:
    found, reasons = stage(now=now, then=then)
    assert found == expected
    codes = {1: "NO_SIGNIFICANT_INCREASE" if then is not None else "NO_INCREASE_KNOWN", 2: "PD_INCREASED"}
    assert reasons[0].code == codes[expected]


def test_other_reasons() -> None:
    assert stage(impaired=True)[0] == 3
    assert [reason.code for reason in stage(impaired=True)[1]] == ["CREDIT_IMPAIRED", "NON_PERFORMING"]
    assert stage(own=FiveClass.SUBSTANDARD)[0] == 3
    assert stage(own=FiveClass.SPECIAL_MENTION)[0] == 2
    assert stage(restructured_on=dt.date(2026, 1, 1))[0] == 2
    assert stage(restructured_on=dt.date(2025, 1, 1))[0] == 1
    # Observed for a year: on the day of the year after it no more.
    assert [stage(restructured_on=dt.date(2025, *day))[0] for day in ((6, 30), (7, 1))] == [1, 2]
    # Without a position only the probabilities speak.
    facts = StagingFacts(0.1, Origination(0.01, "given", "给出"), None, None)
    assert stage_of(facts, DAY, LOSSES, CLASSES)[0] == 2


@given(st.integers(0, 400), st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.booleans())
def test_the_first_reason_is_the_stage(days: int, now: float, then: float, impaired: bool) -> None:
    found, reasons = stage(days, now=now, then=then, impaired=impaired)
    assert found == max(reason.stage for reason in reasons) == reasons[0].stage
    assert found >= stage(0, now=now, then=then)[0]


def test_effective_rates_by_hand() -> None:
    """4.5 % nominal, monthly: 1.00375^12 - 1 = 4.5940 %; quarterly 1.01125^4 - 1; yearly itself."""
    assert effective_rate(0.045, 1) == pytest.approx(1.00375**12 - 1.0, rel=1e-14)
    assert effective_rate(0.045, 3) == pytest.approx(1.01125**4 - 1.0, rel=1e-14)
    assert effective_rate(0.045, 12) == pytest.approx(0.045, rel=1e-14)


def test_quarters_cover_the_life() -> None:
    assert quarter_ends(0.1).tolist() == [0.25, 0.5, 0.75, 1.0]
    assert len(quarter_ends(2.0)) == 8
    assert len(quarter_ends(2.01)) == 9
    until, factors = discount_factors(np.array([0.25, 0.5]), np.array([0.3]), np.array([0.1]))
    assert until.tolist() == [[0.25, 0.3]]
    assert factors[0] == pytest.approx([1.1**-0.25, 1.1**-0.3], rel=1e-14)


@given(
    st.lists(st.floats(0.0, 1e6), min_size=4, max_size=40),
    st.floats(0.0, 0.5),
)
def test_twelve_months_are_the_beginning_of_the_lifetime(losses: list[float], rate: float) -> None:
    loss = np.array([losses])
    ends = np.arange(1, len(losses) + 1) / 4.0
    until, factors = discount_factors(ends, np.array([100.0]), np.array([rate]))
    present = PresentLosses(until, np.ones_like(loss), loss, loss, loss, factors, 4, np.zeros_like(loss))
    assert present.twelve_month_cny[0] <= present.lifetime_cny[0]
    lines = present.quarters(0)
    assert sum(line.discounted_loss_cny for line in lines) == pytest.approx(
        present.lifetime_cny[0], rel=1e-12
    )
    assert sum(line.discounted_loss_cny for line in lines[:4]) == pytest.approx(
        present.twelve_month_cny[0], rel=1e-12
    )
