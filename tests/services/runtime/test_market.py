"""Market snapshots: the model they make, their way over the wire, and every way they can be wrong."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecopledge.type.v1 import market_pb2 as pb
from quant.market.piecewise import PiecewiseLinear
from services.runtime.errors import InvalidInput
from services.runtime.market import (
    CurvePoint,
    Evidence,
    MarketSnapshot,
    QuotedCorrelation,
    QuotedDerivedFactor,
    QuotedFactor,
    Source,
    read_snapshot,
)
from services.runtime.violations import Violations
from services.runtime.wire.market import snapshot_from_wire, snapshot_to_wire

ASSUMED = Source("level", Evidence.ASSUMPTION, "for this test", dt.date(2026, 1, 2))
SNAPSHOT = MarketSnapshot(
    "test",
    dt.date(2026, 8, 21),
    (
        QuotedFactor("inflow", 16.0, "1e8 m3", "来水", "inflow", (ASSUMED,), 0.0, 0.5, 0.2, deviation=0.1),
        QuotedFactor("price", 0.15, "CNY/m3", "水价", "price", (ASSUMED,), 0.02, 0.1, 0.25),
    ),
    (
        QuotedDerivedFactor(
            "revenue",
            "inflow",
            PiecewiseLinear((10.0, 20.0), (0.5, 1.0)),
            "CNY/m3",
            "收益",
            "revenue",
            (ASSUMED,),
            "price",
        ),
    ),
    (QuotedCorrelation("inflow", "price", -0.3, ASSUMED),),
    (CurvePoint(1.0, 0.03, ASSUMED), CurvePoint(5.0, 0.035, ASSUMED)),
)


def test_level_is_the_value_today() -> None:
    assert SNAPSHOT.level("inflow") == pytest.approx(16.0, rel=1e-14)
    assert SNAPSHOT.level("revenue") == pytest.approx(0.15 * 0.8, rel=1e-14)


def test_model_and_curve_carry_the_figures() -> None:
    model = SNAPSHOT.factor_model()
    assert model.names == ("inflow", "price", "revenue")
    np.testing.assert_array_equal(model.correlation, [[1.0, -0.3], [-0.3, 1.0]])
    np.testing.assert_allclose(SNAPSHOT.curve().discount_factors(np.array([1.0, 5.0])), [1.03**-1, 1.035**-5])


def test_wire_round_trip_is_exact() -> None:
    violations = Violations()
    message = pb.MarketSnapshot.FromString(snapshot_to_wire(SNAPSHOT).SerializeToString())
    assert snapshot_from_wire(message, violations) == SNAPSHOT
    assert not violations.found


def test_hash_follows_the_content() -> None:
    other = replace(
        SNAPSHOT,
        primary_factors=(replace(SNAPSHOT.primary_factors[0], level=16.1), SNAPSHOT.primary_factors[1]),
    )
    assert SNAPSHOT.content_hash() == replace(SNAPSHOT).content_hash()
    assert SNAPSHOT.content_hash() != other.content_hash()


BROKEN = {
    "snapshot_id": ("snapshot_id", "", "is empty"),
    "primary_factors[0].level": ("primary_factors[0].level", float("nan"), "above 0"),
    "primary_factors[1].name": ("primary_factors[1].name", "x" * 65, "at most 64"),
    "primary_factors[0].volatility_annual": ("primary_factors[0].volatility_annual", -0.1, "0 or more"),
    "primary_factors[0].sources[0].evidence": ("primary_factors[0].sources[0].evidence", 0, "unspecified"),
    "primary_factors[0].sources[0].citation": ("primary_factors[0].sources[0].citation", " ", "is empty"),
    "derived_factors[0].payoff.left_slope": ("derived_factors[0].payoff.left_slope", float("inf"), "finite"),
    "correlations[0].value": ("correlations[0].value", 1.5, "from -1.0 to 1.0"),
    "discount_curve[1].tenor_years": ("discount_curve[1].tenor_years", -1.0, "above 0"),
    "as_of.day": ("as_of.day", 32, "full calendar date"),
}


@pytest.mark.parametrize(("path", "value", "words"), BROKEN.values(), ids=BROKEN)
def test_each_broken_field_is_named(path: str, value: object, words: str) -> None:
    message = snapshot_to_wire(SNAPSHOT)
    place: object = message
    *parents, leaf = path.replace("]", "").replace("[", ".").split(".")
    for part in parents:
        place = place[int(part)] if part.isdigit() else getattr(place, part)  # type: ignore[index]
    setattr(place, leaf, value)
    violations = Violations()
    assert snapshot_from_wire(message, violations) is None
    expected = path.removesuffix(".day").removesuffix(".left_slope")
    assert any(v.field == expected and words in v.description for v in violations.found), violations.found


def test_what_makes_no_model_is_refused() -> None:
    message = snapshot_to_wire(SNAPSHOT)
    message.derived_factors[0].driver = "rain"
    violations = Violations()
    assert snapshot_from_wire(message, violations) is None
    assert "rain is not a primary factor" in str(violations.found[0])


def test_reading_a_file_names_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="No such file"):
        read_snapshot(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text('snapshot_id = "x"\n', encoding="utf-8")
    with pytest.raises(InvalidInput, match="missing required field `as_of`"):
        read_snapshot(broken)
