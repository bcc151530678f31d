"""Forest tenure with its carbon revenue: one forest, one fire, one decision.

Two alternatives, of which the better one counts, never the sum of two values:

- `harvest`: the timber is felled as planned. Credits issued until then are sold; at the felling the same number is
  bought back at the market's price, since the carbon is reversed, and none is issued afterwards.
- `hold_and_credit`: credits are issued over the whole crediting period and the timber is felled after it, if that is
  still within the tenure; no growth beyond the stated volume is counted. Otherwise there is no timber. That credits
  need not be bought back once the crediting period is over is an assumption: the risk deduction K stands for it.

Both have the same terms, so one fire takes its share of timber and carbon alike. A stop of the registry hits the
credits alone: it is taken off their expected quantity instead.
"""

from services.runtime.errors import InvalidInput
from services.valuation.asset import Asset, CarbonAndTenure
from services.valuation.pricers.carbon_issuance import IssuedCredits, issued_credits
from services.valuation.pricers.forest_tenure import add_costs, add_harvest
from services.valuation.pricers.pricing import PricedAsset, PricingContext, Rows, priced_asset

HARVEST, HOLD_AND_CREDIT = "harvest", "hold_and_credit"
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
