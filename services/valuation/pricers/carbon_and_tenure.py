"""Forest tenure with its carbon revenue: one forest, one fire, one decision.

Two alternatives, of which the better one counts, never the sum of two values:

- `harvest`: the timber is felled as planned. Credits issued until then are sold; at the felling the same number is
  bought back at the market's price, since the carbon is reversed, and none is issued afterwards.
- `hold_and_credit`: credits are issued over the whole crediting period and the timber is felled after it, if that is
  still within the tenure; no growth beyond the stated volume is counted. Otherwise there is no timber. That credits
  need not be bought back once the crediting period is over is an assumption: the risk deduction K stands for it.

Beside them stands the choice that an owner really has: to fell in any year from the planned one until the end of
crediting, as prices come. It is described here and valued for disclosure only: option value is not lent on.

Both have the same terms, so one fire takes its share of timber and carbon alike. A stop of the registry hits the
credits alone: it is taken off their expected quantity instead.
"""

import math

from quant.forests.optimal_harvest import Amount, DatedAmount, HarvestDecision
from services.runtime.errors import InvalidInput
from services.valuation.asset import Asset, CarbonAndTenure
from services.valuation.pricers.carbon_issuance import IssuedCredits, issued_credits
from services.valuation.pricers.forest_tenure import add_costs, add_harvest
from services.valuation.pricers.pricing import PricedAsset, PricingContext, Rows, priced_asset

HARVEST, HOLD_AND_CREDIT = "harvest", "hold_and_credit"
_SAME_YEARS = 1e-9
_TENURE, _ISSUANCE = "carbon_and_tenure.tenure", "carbon_and_tenure.issuance"


def price_carbon_and_tenure(asset: Asset, both: CarbonAndTenure, context: PricingContext) -> PricedAsset:
    """Schedules of both decisions; `harvest` is left out where the tenure ends before it.

    Raises:
        InvalidInput: if crediting outlasts the tenure, and as `issued_credits`.
    """
    issued = issued_credits(both.issuance, _ISSUANCE, context)
    term = both.tenure.tenure_term_years
    crediting_end = both.issuance.start_years + both.issuance.crediting_years
    if term is not None and crediting_end > term:
        raise InvalidInput.of(
            f"{_ISSUANCE}.crediting_years",
            f"found crediting until year {crediting_end:g}, expected its end within tenure_term_years {term:g}",
        )
    alternatives = [(HOLD_AND_CREDIT, _hold_rows(both, issued, crediting_end, context))]
    if term is None or both.tenure.years_to_harvest <= term:
        alternatives.insert(0, (HARVEST, _harvest_rows(both, issued, context)))
    return priced_asset(
        asset,
        context.catalogue.kind("carbon_and_tenure"),
        context,
        alternatives,
        issued.cautions,
        annual_quantity=issued.annual_t,
        annual_quantity_unit="tCO2e",
        assumptions=issued.assumptions,
        harvest=_harvest_decision(both, issued, crediting_end, context) if len(alternatives) > 1 else None,
    )


def _harvest_rows(both: CarbonAndTenure, issued: IssuedCredits, context: PricingContext) -> Rows:
    felling = both.tenure.years_to_harvest
    rows = Rows()
    add_costs(rows, both.tenure, felling)
    sold = issued.add_to(rows, until_years=felling, take_off_stops=True)
    if sold > 0.0:
        # At the market's price: what a contract pays for the credits does not bind whoever sells them back.
        for factor, share in issued.market_parts(felling):
            rows.add(
                felling,
                factor,
                -sold * share,
                "采伐逆转，按市价回购已签发碳汇 Credits bought back at felling",
            )
    add_harvest(rows, both.tenure, felling, context, _TENURE)
    return rows


def _harvest_decision(
    both: CarbonAndTenure, issued: IssuedCredits, crediting_end: float, context: PricingContext
) -> HarvestDecision:
    """The years in which the forest may be felled, and what that brings.

    Not before the planned year: the trees are not ripe, and no volume is stated for an earlier one. Not after the end
    of crediting: no growth beyond the stated volume is counted, so waiting longer earns nothing.
    """
    planned = both.tenure.years_to_harvest
    last = max(planned, crediting_end)
    dates = (*[planned + k for k in range(math.ceil(last - planned - _SAME_YEARS))], last)
    standing = Rows()
    issued.add_to(standing, take_off_stops=True)
    add_costs(standing, both.tenure, last)
    return HarvestDecision(
        dates,
        tuple(map(DatedAmount, standing.times, standing.factors, standing.quantities)),
        tuple(_felling(both, issued, date, crediting_end, context) for date in dates),
    )


def _felling(
    both: CarbonAndTenure, issued: IssuedCredits, date: float, crediting_end: float, context: PricingContext
) -> tuple[Amount, ...]:
    timber, spared = Rows(), Rows()
    add_harvest(timber, both.tenure, date, context, _TENURE)
    amounts = list(map(Amount, timber.factors, timber.quantities))
    if date < crediting_end:
        sold = issued.add_to(Rows(), until_years=date, take_off_stops=True)
        amounts += [Amount(factor, -sold * share) for factor, share in issued.market_parts(date)]
        # The cost of the year that ends with the felling is not spent.
        add_costs(spared, both.tenure, crediting_end)
        amounts += [
            Amount("cny", -cost)
            for time, cost in zip(spared.times, spared.quantities, strict=True)
            if time == date
        ]
    return tuple(amounts)


def _hold_rows(
    both: CarbonAndTenure, issued: IssuedCredits, crediting_end: float, context: PricingContext
) -> Rows:
    felling = max(both.tenure.years_to_harvest, crediting_end)
    term = both.tenure.tenure_term_years
    rows = Rows()
    issued.add_to(rows, take_off_stops=True)
    add_costs(rows, both.tenure, felling if term is None else min(felling, term))
    if term is None or felling <= term:
        add_harvest(rows, both.tenure, felling, context, _TENURE)
    return rows
