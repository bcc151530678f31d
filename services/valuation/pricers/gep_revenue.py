"""Right to the cash that ecosystem services bring: realisable cash of each service on the service's own factor.

The account total is a flow, mostly not paid by anybody: it is disclosed and never makes a row.
"""

from services.runtime.errors import InvalidInput
from services.runtime.results import Caution
from services.valuation.asset import Asset, GepRevenueRight
from services.valuation.catalogue import Catalogue, EcosystemService, ServiceClass
from services.valuation.cautions import NO_CASH, TOTAL_NOT_CASH, of_dominance, of_regulating_cash
from services.valuation.pricers.calendar import payment_years
from services.valuation.pricers.pricing import PricedAsset, PricingContext, Rows, cash_label, priced_asset


def price_gep_revenue(asset: Asset, right: GepRevenueRight, context: PricingContext) -> PricedAsset:
    """Schedule of a GEP revenue right.

    Raises:
        InvalidInput: for an unknown service, or none at all.
    """
    field = "gep_revenue"
    if len(right.services) == 0:
        raise InvalidInput.of(f"{field}.services", "is empty, expected at least one service")
    years = payment_years(right.term_years)
    rows = Rows()
    for number, income in enumerate(right.services):
        place = f"{field}.services[{number}]"
        service = known_service(context.catalogue, income.service, f"{place}.service")
        cash = income.account_value_cny_per_year * income.realisable_share
        if cash > 0.0:
            level = context.level(service.factor, f"{place}.service")
            label = cash_label(f"{service.name_zh}现金收入", service.name_en, level)
            rows.add_years(years, service.factor, cash / level, label)
    cost = sum(income.cost_cny_per_year for income in right.services)
    if cost > 0.0:
        rows.add_years(years, "cny", -cost, "经营成本 Cost of earning")
    cautions = _cautions(right, context.catalogue)
    if len(rows.times) == 0:
        rows.add(years[-1][0], "cny", 0.0, "无可变现收入 No cash")
        cautions.append(NO_CASH)
    return priced_asset(
        asset,
        context.catalogue.kind(field),
        context,
        (("", rows),),
        cautions,
        disclosed_value_cny=sum(income.account_value_cny_per_year for income in right.services),
    )


def known_service(catalogue: Catalogue, code: str, field: str) -> EcosystemService:
    """The ecosystem service with a code.

    Raises:
        InvalidInput: about `field`, with the known codes, if there is none.
    """
    try:
        return catalogue.services[code]
    except KeyError:
        raise InvalidInput.of(
            field, f"found unknown service {code!r}, expected one of {', '.join(catalogue.services)}"
        ) from None


def _cautions(right: GepRevenueRight, catalogue: Catalogue) -> list[Caution]:
    found = [TOTAL_NOT_CASH]
    limits = catalogue.thresholds
    total = sum(income.account_value_cny_per_year for income in right.services)
    largest = max(right.services, key=lambda income: income.account_value_cny_per_year)
    if total > 0.0:
        service = catalogue.services[largest.service]
        share = largest.account_value_cny_per_year / total
        found += of_dominance(service.name_zh, service.name_en, share, len(right.services), limits)
    for number, income in enumerate(right.services):
        service = catalogue.services[income.service]
        regulating = service.service_class is ServiceClass.REGULATING and service.factor != "cny"
        if regulating and income.realisable_share > limits.regulating_cash_share:
            field = f"gep_revenue.services[{number}].realisable_share"
            found.append(of_regulating_cash(service.name_zh, service.name_en, income.realisable_share, field))
    return found
