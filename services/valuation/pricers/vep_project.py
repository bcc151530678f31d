"""Ecological product of a specific unit (VEP), by residual income (A) or with and without the project (B).

(A) sum_t share (R_t - opex_t - wages_t - r_K K_t) D_t - PV(restoration); labour and capital are paid first, so the
    rest is nature's unless the asset states a smaller share.
(B) sum_t sum_s (Q_with - Q_without)_s p_s D_t - PV(restoration), the realisable part of each service only.
"""

import math

from services.runtime.errors import InvalidInput
from services.runtime.results import Caution
from services.valuation.asset import Asset, ResidualIncome, VepProject, WithWithout
from services.valuation.catalogue import ServiceClass
from services.valuation.cautions import NO_CASH, TOTAL_NOT_CASH, of_regulating_cash
from services.valuation.pricers.calendar import payment_years
from services.valuation.pricers.gep_revenue import known_service
from services.valuation.pricers.pricing import PricedAsset, PricingContext, Rows, cash_label, priced_asset

_RESIDUAL = "vep_project.residual_income"
_CHANGES = "vep_project.with_without.changes"


def price_residual_income(asset: Asset, project: VepProject, context: PricingContext) -> PricedAsset:
    """Schedule by method (A): revenue on the stated factor, everything that is paid first on `cny`.

    Of a last year that the term cuts short, the part within the term counts.

    Raises:
        InvalidInput: for an unknown factor, no year at all, a year twice or after the term.
    """
    method = project.method
    if not isinstance(method, ResidualIncome):
        raise TypeError(f"method: found {type(method).__name__}, expected ResidualIncome")
    _check_years(project, method)
    level = context.level(method.revenue_factor, f"{_RESIDUAL}.revenue_factor")
    rows = Rows()
    for year in sorted(method.years, key=lambda entry: entry.year):
        time = min(float(year.year), project.term_years)
        share = method.ecological_share * (time - (year.year - 1))
        revenue = share * year.revenue_cny / level
        rows.add(time, method.revenue_factor, revenue, cash_label("经营收入", "Operating revenue", level))
        paid = year.operating_cost_cny + year.wages_cny + method.capital_return_annual * year.capital_cny
        if paid > 0.0:
            label = "经营成本、工资与资本回报 Cost, wages, return on capital"
            rows.add(time, "cny", -share * paid, label)
    _add_restoration(rows, project)
    return priced_asset(asset, context.catalogue.kind(_RESIDUAL), context, (("", rows),), ())


def price_with_without(asset: Asset, project: VepProject, context: PricingContext) -> PricedAsset:
    """Schedule by method (B): the change of each service, its realisable part, on the service's factor.

    Raises:
        InvalidInput: for an unknown service, or none at all.
    """
    method = project.method
    if not isinstance(method, WithWithout):
        raise TypeError(f"method: found {type(method).__name__}, expected WithWithout")
    if len(method.changes) == 0:
        raise InvalidInput.of(_CHANGES, "is empty, expected at least one service")
    years = payment_years(project.term_years)
    rows = Rows()
    cautions: list[Caution] = [TOTAL_NOT_CASH]
    disclosed = 0.0
    for number, change in enumerate(method.changes):
        place = f"{_CHANGES}[{number}]"
        service = known_service(context.catalogue, change.service, f"{place}.service")
        value = (change.quantity_with - change.quantity_without) * change.unit_price_cny
        disclosed += value
        if change.realisable_share > 0.0:
            level = context.level(service.factor, f"{place}.service")
            quantity = value * change.realisable_share / level
            label = cash_label(f"{service.name_zh}增量", f"{service.name_en}, change", level)
            rows.add_years(years, service.factor, quantity, label)
        regulating = service.service_class is ServiceClass.REGULATING and service.factor != "cny"
        if regulating and change.realisable_share > context.catalogue.thresholds.regulating_cash_share:
            field = f"{place}.realisable_share"
            cautions.append(
                of_regulating_cash(service.name_zh, service.name_en, change.realisable_share, field)
            )
    if len(rows.times) == 0:
        rows.add(years[-1][0], "cny", 0.0, "无可变现收入 No cash")
        cautions.append(NO_CASH)
    _add_restoration(rows, project)
    kind = context.catalogue.kind("vep_project.with_without")
    return priced_asset(
        asset, kind, context, (("", rows),), cautions, disclosed_value_cny=max(disclosed, 0.0)
    )


def _add_restoration(rows: Rows, project: VepProject) -> None:
    if project.restoration_cost_cny_per_year > 0.0:
        years = payment_years(project.term_years)
        label = "保护修复成本 Protection and restoration"
        rows.add_years(years, "cny", -project.restoration_cost_cny_per_year, label)


def _check_years(project: VepProject, method: ResidualIncome) -> None:
    if len(method.years) == 0:
        raise InvalidInput.of(f"{_RESIDUAL}.years", "is empty, expected at least one year")
    last = math.ceil(project.term_years)
    seen = set()
    for number, year in enumerate(method.years):
        place = f"{_RESIDUAL}.years[{number}]"
        if year.year in seen or not 1 <= year.year <= last:
            raise InvalidInput.of(
                f"{place}.year", f"found {year.year}, expected each year from 1 to {last} at most once"
            )
        seen.add(year.year)
