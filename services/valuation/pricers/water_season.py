"""Within the year: in which months the water of a right may be used, what share of the year that is, when it pays.

The inflow factor is the volume of a year and so is a right's entitlement; the profile says how that volume is spread
over the months. A right that may be used in some months only gets their share of the year, and of the rest what storage
carries over. Monthly payments fall at each twelfth of a year from the valuation date; of a part of a year counts what
flows in it. A right that says nothing of months is priced by whole years, as if it flowed evenly.
"""

from quant.market.seasons import MONTHS, MonthlyShares
from services.runtime.errors import InvalidInput
from services.runtime.evidence import Evidence
from services.runtime.vocabulary.assumption_lines import assumption_line
from services.valuation.asset import WaterRight
from services.valuation.pricers.calendar import Years, permit_intervals
from services.valuation.pricers.pricing import PricingContext

_FIELD = "water_right"
_MOST_PAYMENTS = 1200
_NOTHING = 1e-12


def is_seasonal(right: WaterRight) -> bool:
    """Whether the right says anything of months."""
    return len(right.use_months) > 0 or right.monthly_payments or len(right.monthly_shares) > 0


def seasonal_years(right: WaterRight, context: PricingContext) -> tuple[float, Years, tuple[str, ...]]:
    """Share of a year's volume that can be used, payments with their shares of that, and assumptions.

    Raises:
        InvalidInput: the profile makes none, nothing flows when the right may be used, or payments are too many.
    """
    profile, assumptions = _profile(right, context)
    months = right.use_months or tuple(range(1, MONTHS + 1))
    try:
        direct = profile.of_months(months)
        used = profile.within(months)
    except ValueError as error:
        raise InvalidInput.of(f"{_FIELD}.use_months", str(error)) from None
    usable = direct + right.carry_over_share * max(0.0, 1.0 - direct)
    intervals = permit_intervals(
        right.remaining_term_years,
        right.renewal_probability,
        right.renewal_term_years,
        right.renewals,
        payments_per_year=MONTHS if right.monthly_payments else 1,
    )
    if len(intervals) > _MOST_PAYMENTS:
        raise InvalidInput.of(
            f"{_FIELD}.monthly_payments",
            f"found {len(intervals)} payments with renewals, expected at most {_MOST_PAYMENTS}",
        )
    begins = context.valuation_date
    years = tuple(
        (end, share)
        for end, parts in intervals
        if (
            share := sum(
                weight * float(used.between(since, until, begins=begins)) for since, until, weight in parts
            )
        )
        > _NOTHING
    )
    if len(years) == 0:
        raise InvalidInput.of(
            f"{_FIELD}.use_months",
            f"found {list(months)}, none of which falls within the permit, expected one that does",
        )
    return usable, years, assumptions


def _profile(right: WaterRight, context: PricingContext) -> tuple[MonthlyShares, tuple[str, ...]]:
    """The right's own profile, else that of the river behind its scheme, else a flat one; and what is assumed of it."""
    if right.monthly_shares:
        try:
            return MonthlyShares(right.monthly_shares), ()
        except ValueError as error:
            raise InvalidInput.of(f"{_FIELD}.monthly_shares", str(error)) from None
    found = context.seasonal_profile(right.allocation_factor)
    if found is None:
        return MonthlyShares.flat(), (
            assumption_line(
                "用水权",
                "water_right",
                [("monthly_shares", "1/12")],
                "flat: no monthly profile of its river is known",
            ),
        )
    assumed = tuple(
        f"用水权：来水的月过程取自其河流 · water_right: monthly profile of {found.factor} ({source.citation})"
        for source in found.sources
        if source.evidence is Evidence.ASSUMPTION
    )
    return MonthlyShares(found.monthly_shares), assumed
