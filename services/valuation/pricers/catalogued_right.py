"""Any right that is a quantity a year times a factor: compensation, certificates, allowances, tickets, quotas."""

from services.runtime.errors import InvalidInput
from services.valuation.asset import Asset, CataloguedRight
from services.valuation.catalogue.kinds import Kind
from services.valuation.cautions import of_price, of_quantity_date
from services.valuation.pricers.calendar import payment_years
from services.valuation.pricers.pricing import PricedAsset, PricingContext, Rows, income_label, priced_asset
from services.valuation.pricers.units import conversion_factor

_FIELD = "catalogued_right"


def price_catalogued_right(asset: Asset, right: CataloguedRight, context: PricingContext) -> PricedAsset:
    """Schedule of a catalogued right.

    Raises:
        InvalidInput: for an unknown kind, a unit that does not convert to the kind's, or a missing price of a
            kind without a market price.
    """
    kind = _known_kind(right, context)
    quantity = right.quantity_per_year
    if right.unit not in ("", kind.unit):
        quantity *= conversion_factor(right.unit, kind.unit, f"{_FIELD}.unit")
    market = context.level(kind.factor, f"{_FIELD}.kind")
    price = _price(right, kind, market)
    own_share = right.realisable_share
    share = kind.realisable_share if own_share is None else own_share
    years = payment_years(right.term_years, right.start_years)
    rows = Rows()
    label = income_label(f"{kind.name_zh}收入", kind.name_en, price=price, market=market, unit=kind.unit)
    rows.add_years(years, kind.factor, quantity * share * (price / market), label)
    if right.cost_cny_per_year > 0.0:
        rows.add_years(years, "cny", -right.cost_cny_per_year, "成本 Cost")
    limits = context.catalogue.thresholds
    cautions = of_quantity_date(
        right.quantity_as_of, context.snapshot.as_of, f"{_FIELD}.quantity_as_of", limits
    )
    if not kind.price_required and kind.factor != "cny":
        cautions += of_price(price, market, f"CNY/{kind.unit}", f"{_FIELD}.unit_price_cny", limits)
    return priced_asset(
        asset,
        kind,
        context,
        (("", rows),),
        cautions,
        annual_quantity=quantity,
        annual_quantity_unit=kind.unit,
    )


def _known_kind(right: CataloguedRight, context: PricingContext) -> Kind:
    kind = context.catalogue.kinds.get(right.kind)
    if kind is not None and kind.quantity_times_factor:
        return kind
    known = ", ".join(code for code, entry in context.catalogue.kinds.items() if entry.quantity_times_factor)
    what = "unknown kind" if kind is None else "kind with a message of its own,"
    raise InvalidInput.of(f"{_FIELD}.kind", f"found {what} {right.kind!r}, expected one of {known}")


def _price(right: CataloguedRight, kind: Kind, market: float) -> float:
    own = right.unit_price_cny
    if own is not None and kind.unit == "CNY" and own != 1.0:
        raise InvalidInput.of(
            f"{_FIELD}.unit_price_cny",
            f"found {own:g}, expected none or 1: the quantity of {kind.code} is an amount in CNY already",
        )
    if own is not None:
        return own
    if kind.price_required:
        raise InvalidInput.of(
            f"{_FIELD}.unit_price_cny",
            f"is absent, expected CNY per {kind.unit}: the snapshot has no market price for {kind.code}",
        )
    return market
