"""The 1997 scheme: entitlements at its knots, enforcement and tiers, and the bundled snapshot built from them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.market.piecewise import PiecewiseLinear
from quant.market.sharing_scheme import scheme_entitlement, tier_share, upstream_water
from services.runtime.errors import InvalidInput
from services.runtime.market import read_snapshot
from services.valuation.heihe import read_release

STANDARD = Path(__file__).resolve().parents[3] / "data" / "market" / "standard.toml"
# What the standard snapshot says of itself.
ENFORCEMENT, ACTUAL_USE = 0.5, 7.52
TIERS = {"irrigation": (1.0, 6.52), "senior": (0.0, 1.0)}


def standard_tier(name: str) -> PiecewiseLinear:
    water = upstream_water(scheme_entitlement(read_release()), enforcement=ENFORCEMENT, actual_use=ACTUAL_USE)
    senior, volume = TIERS[name]
    return tier_share(water, senior_volume=senior, tier_volume=volume)


def test_entitlement_of_the_middle_reach_at_the_knots() -> None:
    # inflow less release of data/heihe_allocation_1997.csv
    entitlement = scheme_entitlement(read_release())
    found = entitlement([12.9, 14.2, 15.8, 17.1, 19.0])
    assert found == pytest.approx([6.6, 6.6, 6.3, 6.2, 5.8], abs=1e-12)


def test_slopes_go_on_outside_the_knots() -> None:
    release = read_release()
    assert release.right_slope == pytest.approx(1.2105, abs=5e-5)
    assert release.left_slope == pytest.approx(1.0, abs=1e-12)
    # nobody releases less than nothing: below 6.6 the middle reach keeps what flows in
    entitlement = scheme_entitlement(release)
    assert entitlement([0.0, 3.0, 6.6, 10.0]) == pytest.approx([0.0, 3.0, 6.6, 6.6], abs=1e-12)


def test_wetter_is_not_safer() -> None:
    shares = standard_tier("irrigation")([13.0, 15.8, 18.85, 22.0])
    assert np.all(np.diff(shares) < 0.0)


def test_strict_enforcement_at_the_mean() -> None:
    entitlement = scheme_entitlement(read_release())
    strict = upstream_water(entitlement, enforcement=1.0, actual_use=ACTUAL_USE)
    none = upstream_water(entitlement, enforcement=0.0, actual_use=ACTUAL_USE)
    assert float(strict(15.8)) == pytest.approx(6.3)
    assert float(none(15.8)) == pytest.approx(7.52)
    assert float(none(5.0)) == pytest.approx(5.0)


@given(st.floats(0.0, 1.0), st.floats(0.1, 40.0))
def test_enforcement_mixes_the_two(enforcement: float, inflow: float) -> None:
    entitlement = scheme_entitlement(read_release())
    mixed = upstream_water(entitlement, enforcement=enforcement, actual_use=ACTUAL_USE)
    expected = enforcement * float(entitlement(inflow)) + (1.0 - enforcement) * min(ACTUAL_USE, inflow)
    assert float(mixed(inflow)) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(st.floats(0.1, 60.0), st.floats(0.0, 5.0), st.floats(0.5, 8.0))
def test_tiers_share_what_there_is(inflow: float, senior: float, tier: float) -> None:
    water = scheme_entitlement(read_release())
    share = float(tier_share(water, senior_volume=senior, tier_volume=tier)(inflow))
    by_hand = min(max((float(water(inflow)) - senior) / tier, 0.0), 1.0)
    assert share == pytest.approx(by_hand, abs=1e-9)


@pytest.mark.parametrize("tier", list(TIERS))
def test_the_snapshot_holds_what_the_scheme_builds(tier: str) -> None:
    built = standard_tier(tier)
    derived = {factor.name: factor for factor in read_snapshot(STANDARD).derived_factors}
    for name, price in ((f"allocation.heihe.{tier}", None), (f"water_revenue.heihe.{tier}", "water_price")):
        assert derived[name].price == price
        assert derived[name].payoff.knots == pytest.approx(built.knots, abs=1e-9)
        assert derived[name].payoff.values == pytest.approx(built.values, abs=1e-9)
        assert derived[name].payoff.right_slope == built.right_slope


def test_wrong_files_and_arguments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no such file"):
        read_release(tmp_path / "none.csv")
    bad = tmp_path / "bad.csv"
    bad.write_text(
        "exceedance_pct,yingluoxia_inflow_1e8_m3,zhengyixia_release_1e8_m3\n10,19.0,wet\n", "utf-8"
    )
    with pytest.raises(InvalidInput, match="line 2"):
        read_release(bad)
    entitlement = scheme_entitlement(read_release())
    with pytest.raises(ValueError, match=r"enforcement: found 1\.5"):
        upstream_water(entitlement, enforcement=1.5, actual_use=7.0)
    with pytest.raises(ValueError, match="tier_volume"):
        tier_share(entitlement, senior_volume=0.0, tier_volume=0.0)
