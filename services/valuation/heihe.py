"""The 1997 sharing scheme of the Heihe as functions of the inflow at Yingluoxia, volumes in 1e8 m3 a year.

The scheme fixes the release due at Zhengyixia; what is left is the middle reach's. It was never fully enforced, so
M = e M_scheme + (1 - e) M_actual, e the enforcement. A tier of entitlements behind a senior one receives
R = clip((M - senior) / tier, 0, 1) of its volume. Wetter is not safer: the entitlement is flat in dry years and
falls in wet ones, because above the last knot 1.2105 is due downstream for each unit that flows in.
"""

import csv
from pathlib import Path

import numpy as np

from quant.piecewise import PiecewiseLinear
from services.runtime.bundled import BUNDLED_DATA
from services.runtime.errors import InvalidInput

SCHEME_PATH = BUNDLED_DATA / "heihe_allocation_1997.csv"
_INFLOW, _RELEASE = "yingluoxia_inflow_1e8_m3", "zhengyixia_release_1e8_m3"


def read_release(path: Path = SCHEME_PATH) -> PiecewiseLinear:
    """The release due at Zhengyixia as a function of the inflow, both ends going on with their last slope.

    Raises:
        InvalidInput: if the file is missing or a row is wrong, naming the line.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except FileNotFoundError:
        raise InvalidInput.of(str(path), "no such file, expected the sharing scheme of 1997") from None
    points: list[tuple[float, float]] = []
    for number, row in enumerate(csv.DictReader(lines), start=2):
        try:
            points.append((float(row[_INFLOW]), float(row[_RELEASE])))
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput.of(
                f"{path}, line {number}",
                f"{type(error).__name__} {error}, expected numbers in {_INFLOW} and {_RELEASE}",
            ) from None
    knots, values = zip(*sorted(points), strict=True)
    inside = PiecewiseLinear(knots, values).slopes()
    return PiecewiseLinear(knots, values, left_slope=inside[1], right_slope=inside[-2])


def scheme_entitlement(release: PiecewiseLinear) -> PiecewiseLinear:
    """What the scheme leaves to the middle reach: inflow less release, the release never below 0."""
    return release.clipped(0.0, float("inf")).affine(-1.0).plus_identity()


def middle_reach_water(
    entitlement: PiecewiseLinear, *, enforcement: float, actual_use: float
) -> PiecewiseLinear:
    """M = e M_scheme + (1 - e) min(M_actual, inflow).

    Args:
        entitlement: M_scheme as a function of the inflow.
        enforcement: e, 0 (as used so far) to 1 (as the scheme says).
        actual_use: M_actual, what the middle reach takes where nobody stops it.

    Raises:
        ValueError: if the enforcement is not a fraction or the use not above 0.
    """
    if not 0.0 <= enforcement <= 1.0:
        raise ValueError(f"enforcement: found {enforcement}, expected a fraction from 0 to 1")
    if not 0.0 < actual_use < float("inf"):
        raise ValueError(f"actual_use: found {actual_use}, expected a finite number above 0")
    taken = PiecewiseLinear((actual_use,), (actual_use,), left_slope=1.0)
    knots = np.array(sorted({*entitlement.knots, actual_use}))
    values = enforcement * entitlement(knots) + (1.0 - enforcement) * taken(knots)
    return PiecewiseLinear(
        tuple(knots.tolist()),
        tuple(values.tolist()),
        enforcement * entitlement.left_slope + (1.0 - enforcement),
        enforcement * entitlement.right_slope,
    )


def tier_share(water: PiecewiseLinear, *, senior_volume: float, tier_volume: float) -> PiecewiseLinear:
    """R = clip((M - senior) / tier, 0, 1): the delivered share of a tier that stands behind a senior volume.

    Raises:
        ValueError: if the tier has no volume.
    """
    if not tier_volume > 0.0:
        raise ValueError(f"tier_volume: found {tier_volume}, expected a number above 0")
    return water.affine(1.0 / tier_volume, -senior_volume / tier_volume).clipped(0.0, 1.0)
