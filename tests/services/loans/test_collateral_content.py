"""Stored text of collateral: it comes back whole, and what an older version stored keeps its text and hash."""

from collections.abc import Callable

import pytest

from services.loans import stored
from services.loans.collateral import Collateral


def test_what_a_valuation_told_comes_back(collateral: Callable[..., Collateral]) -> None:
    told = collateral(value_cny=640_000.5, valuation_warnings=("YIELD_IMPLAUSIBLE",), pledged_share=0.5)
    back = stored.collateral_from_text(stored.collateral_to_text(told))
    assert (back.value_cny, back.valuation_warnings) == (640_000.5, ("YIELD_IMPLAUSIBLE",))
    assert back.pledged_value_cny == 320_000.25
    assert stored.collateral_to_text(back) == stored.collateral_to_text(told)


def test_without_new_fields_the_text_is_that_of_the_first_version(
    collateral: Callable[..., Collateral],
) -> None:
    """Fields in order of declaration, as the first version wrote them; a repeat must find the same hash."""
    text = stored.collateral_to_text(collateral())
    assert text.startswith(
        '{"collateral_id":"C1","loan_id":"L1","valuation_date":"2026-06-30","snapshot_id":"S1",'
    )
    assert "value_cny" not in text
    assert "valuation_warnings" not in text
    assert stored.collateral_from_text(text).pledged_value_cny is None


@pytest.mark.parametrize("value", [-1.0, float("nan"), 1e16])
def test_a_value_is_checked(collateral: Callable[..., Collateral], value: float) -> None:
    with pytest.raises(ValueError, match="value_cny"):
        collateral(value_cny=value)


def test_warnings_are_counted(collateral: Callable[..., Collateral]) -> None:
    with pytest.raises(ValueError, match="valuation_warnings: found 101"):
        collateral(valuation_warnings=("A",) * 101)
