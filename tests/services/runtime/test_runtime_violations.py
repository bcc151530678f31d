import datetime as dt
from collections.abc import Callable

import pytest
from google.type.money_pb2 import Money

from services.runtime.errors import InvalidInput
from services.runtime.violations import Violations
from services.runtime.wire.values import decimal_from_money

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (Violations.require_finite, [0.0, -1e300], [NAN, INF, -INF]),
        (Violations.require_positive, [1e-300, 5], [0.0, -0.0, -1, NAN, INF]),
        (Violations.require_non_negative, [0.0, 0, 5], [-1e-300, NAN, INF]),
        (Violations.require_fraction, [0.0, 0.3, 1.0], [-0.01, 1.01, NAN, INF]),
        (Violations.require_non_empty, ["x", [0]], ["", " \t\n", []]),
        (lambda v, f, x: v.require_range(f, x, -2, 3), [-2, 0.0, 3], [-2.1, 3.1, NAN]),
        (lambda v, f, x: v.require_max_length(f, x, 2), ["", "ab"], ["abc"]),
        (
            Violations.require_printable,
            ["", "张　三 A/1", "𠮷\ue000"],
            ["a\x07", "a\nb", "\u202e", "\ufffe", "\U0001ffff"],
        ),
        (lambda v, f, x: v.require_known_enum(f, x, [0, 1, 4], "Kind"), [1, 4], [0, 2, -1]),
    ],
)
def test_checks(check: Callable[..., bool], good: list[object], bad: list[object]) -> None:
    for value in good:
        violations = Violations()
        assert check(violations, "field", value)
        assert violations.found == ()
    for value in bad:
        violations = Violations()
        assert not check(violations, "field", value), value
        assert [violation.field for violation in violations.found] == ["field"]


def test_dates_must_be_in_order() -> None:
    violations = Violations()
    first, second = dt.date(2026, 1, 1), dt.date(2026, 1, 2)
    assert violations.require_date_order("start", first, second, "end")
    assert not violations.require_date_order("start", first, first, "end")
    assert "before end (2026-01-01)" in violations.found[0].description


def test_all_violations_are_raised_with_their_paths() -> None:
    violations = Violations()
    assets = violations.at("assets[3]")
    assets.require_positive("area_ha", -1.0)
    assets.at("water_right").require_fraction("loss", 2.0)
    violations.at("assets").at("[4]").add("id", "is missing")
    violations.at("book").add("", "is empty")
    with pytest.raises(InvalidInput) as caught:
        violations.raise_if_any()
    assert [violation.field for violation in caught.value.violations] == [
        "assets[3].area_ha",
        "assets[3].water_right.loss",
        "assets[4].id",
        "book",
    ]
    assert caught.value.message.endswith("; and 1 more")


def test_nothing_found_raises_nothing() -> None:
    Violations().raise_if_any()


def test_a_reader_is_called_and_its_complaint_kept() -> None:
    violations = Violations()
    row = violations.at("rows[0]")
    assert row.collect("price", decimal_from_money, Money(currency_code="CNY", units=3)) == 3
    assert row.collect("price", decimal_from_money, Money(currency_code="USD")) is None
    assert [violation.field for violation in violations.found] == ["rows[0].price.currency_code"]


def test_each_item_is_read_at_its_place_and_the_wrong_ones_are_left_out() -> None:
    def read(share: float, at: Violations) -> float | None:
        return share if at.require_fraction("share", share) else None

    violations = Violations()
    # Zero is a value.
    assert violations.at("fund").each("partners", [0.0, 2.0, 1.0], read) == (0.0, 1.0)
    assert [violation.field for violation in violations.found] == ["fund.partners[1].share"]
