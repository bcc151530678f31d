"""Ecological product of a specific unit (VEP), by residual income (A) or with and without the project (B).

(A) sum_t share (R_t - opex_t - wages_t - r_K K_t) D_t - PV(restoration); labour and capital are paid first, so the
    rest is nature's unless the asset states a smaller share.
(B) sum_t sum_s (Q_with - Q_without)_s p_s D_t - PV(restoration), the realisable part of each service only.
"""

import math

from services.runtime.errors import InvalidInput
from services.runtime.results import Caution
from services.valuation.asset import Asset, ResidualIncome, VepProject, WithWithout
from services.valuation.catalogue.kinds import ServiceClass
from services.valuation.cautions import NO_CASH, TOTAL_NOT_CASH, of_regulating_cash
from services.valuation.pricers.account_lines import account_findings, account_lines, cautions_on_dominance
from services.valuation.pricers.calendar import payment_years
from services.valuation.pricers.pricing import PricedAsset, PricingContext, Rows, cash_label, priced_asset

_RESIDUAL = "vep_project.residual_income"
_WITH_WITHOUT = "vep_project.with_without"
_CHANGES = f"{_WITH_WITHOUT}.changes"


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
        InvalidInput: for an unknown specification or service, or none at all.
    """
    method = project.method
    if not isinstance(method, WithWithout):
        raise TypeError(f"method: found {type(method).__name__}, expected WithWithout")
    catalogue = context.catalogue
    lines = account_lines(
        method.changes, method.account_specification, catalogue, field=_CHANGES, owner=_WITH_WITHOUT
    )
    years = payment_years(project.term_years)
    rows = Rows()
    cautions: list[Caution] = [TOTAL_NOT_CASH, *cautions_on_dominance(lines, catalogue.thresholds)]
    for line in lines:
        service, share = line.service, line.stated.realisable_share
        if line.stated.pledgor_share > 0.0 and share > 0.0:
            level = context.level(service.factor, f"{line.place}.service")
            label = cash_label(f"{service.name_zh}增量", f"{service.name_en}, change", level)
            rows.add_years(years, service.factor, line.pledgor_cny / level, label)
        regulating = service.service_class is ServiceClass.REGULATING and service.factor != "cny"
        if regulating and share > catalogue.thresholds.regulating_cash_share:
            field = f"{line.place}.realisable_share"
            cautions.append(of_regulating_cash(service.name_zh, service.name_en, share, field))
    findings = account_findings(
        asset,
        lines,
        project.restoration_cost_cny_per_year,
        catalogue,
        specification=method.account_specification,
        by_service=method.uncertainty_by_service,
        owner=_WITH_WITHOUT,
    )
    cautions += findings.cautions
    if len(rows.times) == 0:
        rows.add(years[-1][0], "cny", 0.0, "无可变现收入 No cash")
        cautions.append(NO_CASH)
    _add_restoration(rows, project)
    return priced_asset(
        findings.asset,
        catalogue.kind("vep_project.with_without"),
        context,
        (("", rows),),
        cautions,
        disclosed_value_cny=max(findings.account.gross_cny_per_year, 0.0),
        assumptions=findings.assumptions,
        account=findings.account,
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
