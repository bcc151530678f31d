from typing import Any

import msgspec
import pytest

from services.runtime.conversion_error import place_and_words


class Year(msgspec.Struct):
    wages_cny: float


class Plan(msgspec.Struct):
    first_year: int
    years: tuple[Year, ...] = ()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"first_year": "soon"}, ("first_year", "expected `int`, got `str` 'soon'")),
        (
            {"first_year": 1, "years": [{"wages_cny": 1.0}, {"wages_cny": "十"}]},
            ("years[1].wages_cny", "expected `float`, got `str` '十'"),
        ),
        ({}, ("", "object missing required field `first_year`")),
        ({"first_year": [1]}, ("first_year", "expected `int`, got `array`")),
        ({"first_year": "x" * 99}, ("first_year", f"expected `int`, got `str` '{'x' * 59}…")),
    ],
)
def test_the_place_and_what_was_found_there_are_told(content: Any, told: tuple[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError) as wrong:
        msgspec.convert(content, Plan)
    assert place_and_words(wrong.value, content) == told
