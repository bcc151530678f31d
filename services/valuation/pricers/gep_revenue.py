"""Right to the cash that ecosystem services bring: realisable cash of each service on the service's own factor.

The account total is a flow, mostly not paid by anybody: it is disclosed and never makes a row.
"""

from services.runtime.results import Caution
from services.valuation.asset import Asset, GepRevenueRight
from services.valuation.catalogue.catalogue import Catalogue
from services.valuation.catalogue.kinds import ServiceClass
from services.valuation.cautions import NO_CASH, TOTAL_NOT_CASH, of_regulating_cash
from services.valuation.pricers.account_lines import (
    AccountLine,
    account_findings,
    account_lines,
    cautions_on_dominance,
    cautions_on_quantities,
)
from services.valuation.pricers.calendar import payment_years
from services.valuation.pricers.pricing import PricedAsset, PricingContext, Rows, cash_label, priced_asset

_FIELD = "gep_revenue"


def price_gep_revenue(asset: Asset, right: GepRevenueRight, context: PricingContext) -> PricedAsset:
    """Schedule of a GEP revenue right.

    Raises:
        InvalidInput: for an unknown specification or service, none at all, or a value far from quantity times price.
    """
    catalogue = context.catalogue
    lines = account_lines(
        right.services,
        right.account_specification,
        catalogue,
        field=f"{_FIELD}.services",
        owner=_FIELD,
    )
    years = payment_years(right.term_years)
    rows = Rows()
    for line in lines:
        service, cash = line.service, line.pledgor_cny
        if cash > 0.0:
            level = context.level(service.factor, f"{line.place}.service")
            label = cash_label(f"{service.name_zh}现金收入", service.name_en, level)
            rows.add_years(years, service.factor, cash / level, label)
    cost = sum(income.cost_cny_per_year for income in right.services)
    if cost > 0.0:
        rows.add_years(years, "cny", -cost, "经营成本 Cost of earning")
    findings = account_findings(
        asset,
        lines,
        cost,
        catalogue,
        specification=right.account_specification,
        by_service=right.uncertainty_by_service,
        owner=_FIELD,
    )
    cautions = [*_cautions(lines, catalogue), *cautions_on_quantities(lines), *findings.cautions]
    if len(rows.times) == 0:
        rows.add(years[-1][0], "cny", 0.0, "无可变现收入 No cash")
        cautions.append(NO_CASH)
    return priced_asset(
        findings.asset,
        catalogue.kind(_FIELD),
        context,
        (("", rows),),
        cautions,
        disclosed_value_cny=findings.account.gross_cny_per_year,
        assumptions=findings.assumptions,
        account=findings.account,
    )


def _cautions(lines: list[AccountLine], catalogue: Catalogue) -> list[Caution]:
    limits = catalogue.thresholds
    found = [TOTAL_NOT_CASH, *cautions_on_dominance(lines, limits)]
    for line in lines:
        service, share = line.service, line.stated.realisable_share
        regulating = service.service_class is ServiceClass.REGULATING and service.factor != "cny"
        if regulating and share > limits.regulating_cash_share:
            field = f"{line.place}.realisable_share"
            found.append(of_regulating_cash(service.name_zh, service.name_en, share, field))
    return found
