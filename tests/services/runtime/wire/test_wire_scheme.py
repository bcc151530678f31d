"""Overlays and sharing schemes on the wire: a round trip, and every wrong field named."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecopledge.type.v1 import market_pb2 as pb
from services.runtime.evidence import Evidence, Source
from services.runtime.market import read_snapshot
from services.runtime.scenarios.changed_market import apply
from services.runtime.scenarios.scenario import PathShock, Scenario, SchemeShock
from services.runtime.violations import Violations
from services.runtime.wire.market import snapshot_from_wire, snapshot_to_wire

STANDARD = read_snapshot(Path(__file__).resolve().parents[4] / "data" / "market" / "standard.toml")
SCENARIO = Scenario(
    "test", "测试", "test", (Source("all", Evidence.ASSUMPTION, "a test"),),
    schemes=(SchemeShock("heihe", 0.8, "fixed", -0.5),), paths=(PathShock("cny", 0.5, 1.0, 3.0),),
)  # fmt: skip
CHANGED = apply(STANDARD, SCENARIO)
SCHEME = "sharing_schemes[0]"
OVERLAID = next(i for i, factor in enumerate(CHANGED.primary_factors) if factor.overlay is not None)


def message() -> pb.MarketSnapshot:
    return snapshot_to_wire(CHANGED)


def test_a_changed_snapshot_survives_the_wire_and_keeps_its_hash() -> None:
    violations = Violations()
    back = snapshot_from_wire(message(), violations)
    assert back == CHANGED, violations.found
    assert back is not None
    assert back.content_hash() == CHANGED.content_hash() != STANDARD.content_hash()


def scheme(change: Callable[[Any], object]) -> Callable[[pb.MarketSnapshot], object]:
    return lambda snapshot: change(snapshot.sharing_schemes[0])


def put(field: str, value: Any) -> Callable[[Any], object]:
    return lambda target: setattr(target, field, value)


def empty(field: str) -> Callable[[Any], object]:
    return lambda target: target.ClearField(field)


WRONG = [
    (scheme(put("name", "")), f"{SCHEME}.name"),
    (scheme(put("name", "x" * 65)), f"{SCHEME}.name"),
    (scheme(put("driver", "")), f"{SCHEME}.driver"),
    (scheme(empty("variants")), f"{SCHEME}.variants"),
    (scheme(empty("tiers")), f"{SCHEME}.tiers"),
    (scheme(empty("sources")), f"{SCHEME}.sources"),
    (scheme(put("variant", "none")), SCHEME),
    (scheme(put("enforcement", 1.1)), f"{SCHEME}.enforcement"),
    (scheme(put("enforcement", math.nan)), f"{SCHEME}.enforcement"),
    (scheme(put("actual_use", 0.0)), f"{SCHEME}.actual_use"),
    (scheme(put("scarcity_beta", 0.1)), f"{SCHEME}.scarcity_beta"),
    (scheme(put("normal_inflow", 0.0)), f"{SCHEME}.normal_inflow"),
    (scheme(put("highest_scarcity", 0.5)), f"{SCHEME}.highest_scarcity"),
    (scheme(lambda s: put("name", "")(s.variants[1])), f"{SCHEME}.variants[1].name"),
    (scheme(lambda s: empty("entitlement")(s.variants[0])), f"{SCHEME}.variants[0].entitlement"),
    (scheme(lambda s: empty("sources")(s.variants[0])), f"{SCHEME}.variants[0].sources"),
    (scheme(lambda s: put("allocation_factor", "")(s.tiers[0])), f"{SCHEME}.tiers[0].allocation_factor"),
    (scheme(lambda s: put("senior_volume", -1.0)(s.tiers[0])), f"{SCHEME}.tiers[0].senior_volume"),
    (scheme(lambda s: put("tier_volume", 0.0)(s.tiers[1])), f"{SCHEME}.tiers[1].tier_volume"),
    (
        lambda m: empty("after_years")(m.primary_factors[OVERLAID].overlay),
        f"primary_factors[{OVERLAID}].overlay",
    ),
    (
        lambda m: m.primary_factors[OVERLAID].overlay.log_shifts.__setitem__(0, math.inf),
        f"primary_factors[{OVERLAID}].overlay",
    ),
]


@pytest.mark.parametrize(("change", "path"), WRONG)
def test_a_wrong_field_is_named(change: Callable[[pb.MarketSnapshot], object], path: str) -> None:
    broken = message()
    change(broken)
    violations = Violations()
    assert snapshot_from_wire(broken, violations) is None
    assert path in [violation.field for violation in violations.found]


def test_a_scheme_must_name_derived_factors_of_its_inflow() -> None:
    broken = message()
    broken.sharing_schemes[0].tiers[0].allocation_factor = "water_price"
    violations = Violations()
    assert snapshot_from_wire(broken, violations) is None
    assert "expected a derived factor of inflow.yingluoxia" in violations.found[0].description
