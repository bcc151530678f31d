"""Given cash shared by given terms: exact payments, totals of each recipient, the grass roots by county, fees."""

import math
from collections.abc import Sequence
from decimal import Decimal

from quant.cashflows import irr
from quant.waterfall.one_path import CentFlow, CentYear, DealCents, run_cents
from quant.waterfall.over_paths import Waterfall
from quant.waterfall.steps import WaterfallError
from services.fund.fund_terms.terms import GRASSROOTS_ID, LATEST_FLOW_YEAR, FeeBase, FundTerms
from services.fund.waterfall.result import (
    CountyBenefit,
    Deal,
    FundCashFlow,
    PartnerResult,
    Payment,
    WaterfallResult,
    YearlyFee,
)
from services.runtime.errors import FieldViolation, InvalidInput
from services.runtime.violations import Violations


def run_waterfall(
    terms: FundTerms, flows: Sequence[FundCashFlow], deals: Sequence[Deal] = ()
) -> WaterfallResult:
    """Share given cash by given terms, exact to the cent; the fund is settled with the last flow.

    Args:
        terms: of the fund.
        flows: in order of year.
        deals: where they are; a deal that is not among them counts under the county "".

    Raises:
        InvalidInput: terms or flows that cannot be run, with the path of each field.
    """
    waterfall = waterfall_of(terms)
    _check_years(terms, flows)
    cents = [_cent_flow(flow) for flow in flows]
    years = _run(waterfall, cents)
    without = _run(waterfall.without_grassroots(), cents) if GRASSROOTS_ID in terms.recipient_ids() else years
    payments = _payments(terms, years)
    return WaterfallResult(
        payments,
        tuple(
            _partner_result(terms, recipient_id, years, payments, _payments(terms, without))
            for recipient_id in terms.recipient_ids()
        ),
        _counties(years, deals) if GRASSROOTS_ID in terms.recipient_ids() else (),
        sum((year.carry for year in years), Decimal(0)),
        sum((year.given_back for year in years), Decimal(0)),
        _fees(terms, flows, years),
    )


def waterfall_of(terms: FundTerms) -> Waterfall:
    """The interpreter's form of terms.

    Raises:
        InvalidInput: with the path of every wrong field, below "terms".
    """
    try:
        return terms.waterfall()
    except WaterfallError as error:
        raise invalid_input(error, "terms.") from error


def invalid_input(error: WaterfallError, prefix: str = "") -> InvalidInput:
    """The domain error of what the numerics refuse."""
    return InvalidInput.from_violations(
        FieldViolation(prefix + flaw.field, flaw.description) for flaw in error.flaws
    )


def _check_years(terms: FundTerms, flows: Sequence[FundCashFlow]) -> None:
    violations = Violations()
    for i, flow in enumerate(flows):
        if flow.year > LATEST_FLOW_YEAR:
            violations.add(f"flows[{i}].year", f"found {flow.year}, expected at most {LATEST_FLOW_YEAR}")
        elif flow.year > terms.last_year:
            life = f"a life of {terms.life_years} years and {terms.extension_years} of extension"
            violations.add(
                f"flows[{i}].year", f"found {flow.year}, expected at most {terms.last_year}: {life}"
            )
    violations.raise_if_any()


def _cent_flow(flow: FundCashFlow) -> CentFlow:
    deals = tuple(
        DealCents(deal.deal_id, deal.called_cny, deal.distributable_cny, deal.realised) for deal in flow.deals
    )
    return CentFlow(flow.year, flow.called_cny, flow.distributable_cny, deals)


def _run(waterfall: Waterfall, flows: Sequence[CentFlow]) -> tuple[CentYear, ...]:
    try:
        return run_cents(waterfall, flows)
    except WaterfallError as error:
        raise invalid_input(error) from error


def _payments(terms: FundTerms, years: Sequence[CentYear]) -> tuple[Payment, ...]:
    return tuple(
        Payment(paid.year, terms.recipient_id(paid.recipient), paid.step, paid.amount)
        for year in years
        for paid in year.payments
    )


def _received(payments: Sequence[Payment], recipient_id: str) -> Decimal:
    return sum((paid.amount_cny for paid in payments if paid.recipient_id == recipient_id), Decimal(0))


def _partner_result(
    terms: FundTerms,
    recipient_id: str,
    years: Sequence[CentYear],
    payments: Sequence[Payment],
    without_grassroots: Sequence[Payment],
) -> PartnerResult:
    ids = [partner.partner_id for partner in terms.partners]
    net = [0.0] * (years[-1].year + 1 if years else 1)
    paid_in = Decimal(0)
    if recipient_id in ids:
        position = ids.index(recipient_id)
        for year in years:
            paid_in += year.paid_in[position]
            net[year.year] -= float(year.paid_in[position])
    for payment in payments:
        if payment.recipient_id == recipient_id:
            net[payment.year] += float(payment.amount_cny)
    received = _received(payments, recipient_id)
    rate = float(irr(net))
    cost = Decimal(0)
    if recipient_id != GRASSROOTS_ID:
        cost = _received(without_grassroots, recipient_id) - received
    return PartnerResult(
        recipient_id,
        paid_in,
        received,
        # Who pays nothing in has no return on it, also where the settlement takes something back.
        None if math.isnan(rate) or paid_in == 0 else rate,
        None if paid_in == 0 else float(received / paid_in),
        cost,
    )


def _counties(years: Sequence[CentYear], deals: Sequence[Deal]) -> tuple[CountyBenefit, ...]:
    county_of = {deal.deal_id: deal.county for deal in deals}
    totals: dict[str, Decimal] = {}
    for year in years:
        for deal_id, amount in year.grassroots:
            county = county_of.get(deal_id, "")
            totals[county] = totals.get(county, Decimal(0)) + amount
    return tuple(CountyBenefit(county, amount) for county, amount in totals.items() if amount != 0)


def _fees(
    terms: FundTerms, flows: Sequence[FundCashFlow], years: Sequence[CentYear]
) -> tuple[YearlyFee, ...]:
    """Of every year from the first flow to the last, years without a flow included, on what was paid in before."""
    if not flows:
        return ()
    of_year = {flow.year: (flow, year) for flow, year in zip(flows, years, strict=True)}
    fees = []
    base = Decimal(0)
    for at in range(flows[0].year, flows[-1].year + 1):
        rate = terms.fee_rate_in(at)
        fees.append(YearlyFee(at, base, rate, round(base * Decimal(repr(rate)), 2)))
        if at in of_year:
            flow, year = of_year[at]
            base += flow.called_cny
            if terms.fee_base is FeeBase.INVESTED:
                base -= year.returned
    return tuple(fees)
