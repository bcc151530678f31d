"""Water right: term-limited income from the water that may be transferred and that arrives.

Under a sharing scheme the delivered share is a derived factor `allocation.X` of the river, and the revenue the factor
`water_revenue.X` (price times the same share), so that a dry year moves both. Without one, a stated reliability
scales the volume. After the permit's end only renewals count, each with its probability; without them nothing does.

A storage company may guarantee a floor K for a capped volume: max(P, K) there is the market price, which every row has,
plus the top-up max(K - P, 0), a derived factor, on the smaller of the cap and today's delivered volume. That a dry year
moves price and delivery together while the floor pays is not counted.
"""

from services.runtime.errors import InvalidInput
from services.valuation.asset import Asset, WaterRight
from services.valuation.cautions import of_permit_term, of_price, of_transferable_share
from services.valuation.pricers.calendar import Years, permit_years
from services.valuation.pricers.pricing import PricedAsset, PricingContext, Rows, income_label, priced_asset
from services.valuation.pricers.water_season import is_seasonal, seasonal_years

PRICE_FACTOR = "water_price"
_ALLOCATION, _REVENUE, _BUY_BACK = "allocation.", "water_revenue.", "buy_back."
_FIELD = "water_right"


def price_water_right(asset: Asset, right: WaterRight, context: PricingContext) -> PricedAsset:
    """Schedule of a water right.

    Raises:
        InvalidInput: for an unknown allocation factor, or one that is not an allocation.
    """
    market = context.level(PRICE_FACTOR, f"{_FIELD}.price_cny_per_m3")
    price = market if right.price_cny_per_m3 is None else right.price_cny_per_m3
    volume = right.volume_m3_per_year * right.transferable_share * right.conveyance_efficiency
    if right.allocation_factor:
        if right.reliability != 1.0:
            raise InvalidInput.of(
                f"{_FIELD}.reliability",
                f"found {right.reliability:g} beside allocation_factor, expected one of them: the scheme says what "
                "arrives",
            )
        revenue_factor, cost_factor = _scheme_factors(right.allocation_factor, context)
    else:
        revenue_factor, cost_factor = PRICE_FACTOR, "cny"
        volume *= right.reliability
    years = _permit_years(right)
    assumptions: tuple[str, ...] = ()
    if is_seasonal(right):
        usable, years, assumptions = seasonal_years(right, context)
        volume *= usable
    rows = Rows()
    label = income_label("用水权收入", "Water revenue", price=price, market=market, unit="m3")
    rows.add_years(years, revenue_factor, volume * (price / market), label)
    if right.cost_cny_per_m3 > 0.0:
        rows.add_years(
            years, cost_factor, -volume * right.cost_cny_per_m3, "水费与运行成本 Fees and operation"
        )
    _add_buy_back(rows, years, right, volume, context)
    limits = context.catalogue.thresholds
    renewed = right.renewals > 0 and right.renewal_probability > 0.0
    return priced_asset(
        asset,
        context.catalogue.kind("water_right"),
        context,
        (("", rows),),
        (
            *of_permit_term(right.remaining_term_years, renewed, limits),
            *of_transferable_share(right.transferable_share),
            *of_price(price, market, "CNY/m3", f"{_FIELD}.price_cny_per_m3", limits),
        ),
        annual_quantity=right.volume_m3_per_year,
        annual_quantity_unit="m3",
        assumptions=assumptions,
    )


def _permit_years(right: WaterRight) -> Years:
    return permit_years(
        right.remaining_term_years, right.renewal_probability, right.renewal_term_years, right.renewals
    )


def _add_buy_back(
    rows: Rows, years: Years, right: WaterRight, volume_m3: float, context: PricingContext
) -> None:
    """Rows of the floor, none where there is none.

    Raises:
        InvalidInput: a floor without volume or the reverse, beside an own price, or a factor that is no floor.
    """
    factor, cap = right.buy_back_factor, right.buy_back_volume_m3_per_year
    if factor == "" and cap == 0.0:
        return
    if factor == "" or cap == 0.0:
        missing = "buy_back_factor" if factor == "" else "buy_back_volume_m3_per_year"
        raise InvalidInput.of(f"{_FIELD}.{missing}", "is missing, a floor needs a factor and a volume")
    field = f"{_FIELD}.buy_back_factor"
    if right.price_cny_per_m3 is not None:
        raise InvalidInput.of(
            field,
            "found beside price_cny_per_m3, expected one of them: the floor is one of the market's price",
        )
    if not factor.startswith(_BUY_BACK):
        raise InvalidInput.of(field, f"found {factor!r}, expected a derived factor such as 'buy_back.heihe'")
    context.require_factor(factor, field)
    delivered = volume_m3
    if right.allocation_factor:
        delivered *= context.level(right.allocation_factor, f"{_FIELD}.allocation_factor")
    rows.add_years(years, factor, min(cap, delivered), "收储保底补差 Top-up to the buy-back floor")


def _scheme_factors(allocation: str, context: PricingContext) -> tuple[str, str]:
    field = f"{_FIELD}.allocation_factor"
    if not allocation.startswith(_ALLOCATION):
        raise InvalidInput.of(
            field,
            f"found {allocation!r}, expected a derived factor such as 'allocation.heihe.irrigation'",
        )
    revenue = _REVENUE + allocation.removeprefix(_ALLOCATION)
    context.require_factor(allocation, field)
    context.require_factor(revenue, field)
    return revenue, allocation
