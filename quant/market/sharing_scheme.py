"""How a river is shared, as functions of its inflow Q; volumes a year in one unit, such as 1e8 m3.

A scheme fixes the release due downstream; what is left is the entitlement of the users upstream. Where it is not fully
enforced they take M = e M_scheme + (1 - e) min(M_actual, Q), e the enforcement. A tier of entitlements behind a senior
one receives R = clip((M - senior) / tier, 0, 1) of its volume. Scarcity may move the price by (M / M_normal)^beta.
"""

import numpy as np

from quant.market.piecewise import PiecewiseLinear

MOST_SCARCITY_ELASTICITY = 1.0
"""Largest -beta: the price never rises by more than supply falls, since a constant elasticity overstates."""

_PIECES = 16


def scheme_entitlement(release: PiecewiseLinear) -> PiecewiseLinear:
    """What a scheme leaves upstream: inflow less release, the release never below 0."""
    return release.clipped(0.0, float("inf")).affine(-1.0).plus_identity()


def upstream_water(entitlement: PiecewiseLinear, *, enforcement: float, actual_use: float) -> PiecewiseLinear:
    """M = e M_scheme + (1 - e) min(M_actual, Q).

    Args:
        entitlement: M_scheme as a function of the inflow.
        enforcement: e, 0 (as used so far) to 1 (as the scheme says).
        actual_use: M_actual, what is taken upstream where nobody stops it.

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


def with_scarcity(
    share: PiecewiseLinear, water: PiecewiseLinear, *, beta: float, normal_water: float, highest: float
) -> PiecewiseLinear:
    """R(Q) min((M(Q) / M_normal)^beta, highest): the delivered share times what scarcity does to the price.

    The power is interpolated between the knots of both functions, each piece cut into 16, where M is straight: on a
    piece over which M changes by a factor 1 + d / 16 the relative error is below beta (beta - 1) (d / 16)^2 / 8 of
    the value, under 1e-3 for beta = -1 and d = 1.

    Args:
        share: R, delivered share of a tier.
        water: M, the water that the price responds to.
        beta: elasticity of the price to supply, -1 to 0; 0 switches the link off.
        normal_water: M at which the price is the quoted one, > 0.
        highest: bound of the multiplier, >= 1.

    Raises:
        ValueError: if beta, the normal supply or the bound is out of range.
    """
    if not -MOST_SCARCITY_ELASTICITY <= beta <= 0.0:
        raise ValueError(f"beta: found {beta}, expected a number from -{MOST_SCARCITY_ELASTICITY:g} to 0")
    if beta == 0.0:
        return share
    if not normal_water > 0.0 or not highest >= 1.0:
        raise ValueError(
            f"normal_water and highest: found {normal_water} and {highest}, expected above 0 and at least 1"
        )
    capped = normal_water * highest ** (1.0 / beta)
    edges = np.array(
        sorted({0.0, *share.knots, *water.knots, *water.clipped(capped, float("inf")).knots, *_far(share)})
    )
    inside = edges[:-1, None] + np.diff(edges)[:, None] * np.linspace(0.0, 1.0, _PIECES + 1)[:-1]
    knots = np.append(inside.ravel(), edges[-1])
    supply = np.maximum(water(knots), capped)
    values = share(knots) * (supply / normal_water) ** beta
    return PiecewiseLinear(tuple(knots.tolist()), tuple(values.tolist()))


def _far(share: PiecewiseLinear) -> tuple[float, ...]:
    """An inflow beyond which nothing that happens counts: four times the last knot."""
    return (4.0 * max(share.knots[-1], 1.0),)
