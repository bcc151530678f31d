"""Flows and waterfall results between protobuf and Python."""

from collections.abc import Sequence
from decimal import Decimal

from ecopledge.fund.v1 import waterfall_pb2 as pb
from services.fund.waterfall.result import (
    CountyBenefit,
    Deal,
    DealCashFlow,
    FundCashFlow,
    PartnerResult,
    Payment,
    WaterfallResult,
    YearlyFee,
)
from services.runtime.violations import Violations
from services.runtime.wire.values import decimal_from_money, money_from_decimal

_LONGEST_ID = 64


def flows_from_wire(messages: Sequence[pb.FundCashFlow], violations: Violations) -> tuple[FundCashFlow, ...]:
    """The flows that are right; everything that is wrong is noted."""
    violations.require_non_empty("flows", messages)
    flows = []
    for i, message in enumerate(messages):
        at = violations.at(f"flows[{i}]")
        called = at.collect("called", decimal_from_money, message.called)
        distributable = at.collect("distributable", decimal_from_money, message.distributable)
        deals = [_deal_flow(item, at.at(f"deals[{k}]")) for k, item in enumerate(message.deals)]
        if called is not None and distributable is not None:
            kept = tuple(deal for deal in deals if deal is not None)
            flows.append(FundCashFlow(message.year, called, distributable, kept))
    return tuple(flows)


def _deal_flow(message: pb.DealCashFlow, violations: Violations) -> DealCashFlow | None:
    good = violations.require_non_empty("deal_id", message.deal_id)
    good &= violations.require_max_length("deal_id", message.deal_id, _LONGEST_ID)
    called = violations.collect("called", decimal_from_money, message.called)
    distributable = violations.collect("distributable", decimal_from_money, message.distributable)
    if not good or called is None or distributable is None:
        return None
    return DealCashFlow(message.deal_id, called, distributable, message.realised)


def flow_to_wire(flow: FundCashFlow) -> pb.FundCashFlow:
    """The message of a flow."""
    return pb.FundCashFlow(
        year=flow.year,
        called=money_from_decimal(flow.called_cny),
        distributable=money_from_decimal(flow.distributable_cny),
        deals=[
            pb.DealCashFlow(
                deal_id=deal.deal_id,
                called=money_from_decimal(deal.called_cny),
                distributable=money_from_decimal(deal.distributable_cny),
                realised=deal.realised,
            )
            for deal in flow.deals
        ],
    )


def deals_from_wire(messages: Sequence[pb.Deal], violations: Violations) -> tuple[Deal, ...]:
    """Where the deals are; a deal named twice is noted."""
    seen: set[str] = set()
    for i, message in enumerate(messages):
        violations.require(
            message.deal_id not in seen,
            f"deals[{i}].deal_id",
            f"found {message.deal_id!r} twice, expected each once",
        )
        seen.add(message.deal_id)
    return tuple(Deal(message.deal_id, message.county) for message in messages)


def deal_to_wire(deal: Deal) -> pb.Deal:
    """The message of a deal."""
    return pb.Deal(deal_id=deal.deal_id, county=deal.county)


def result_to_wire(result: WaterfallResult) -> pb.RunWaterfallResponse:
    """The response of RunWaterfall."""
    return pb.RunWaterfallResponse(
        payments=[
            pb.Payment(
                year=payment.year,
                recipient_id=payment.recipient_id,
                step=payment.step,
                amount=money_from_decimal(payment.amount_cny),
            )
            for payment in result.payments
        ],
        partners=[
            pb.PartnerResult(
                recipient_id=partner.recipient_id,
                paid_in=money_from_decimal(partner.paid_in_cny),
                received=money_from_decimal(partner.received_cny),
                irr_annual=partner.irr_annual,
                tvpi=partner.tvpi,
                grassroots_cost=money_from_decimal(partner.grassroots_cost_cny),
            )
            for partner in result.partners
        ],
        counties=[
            pb.CountyBenefit(county=benefit.county, amount=money_from_decimal(benefit.amount_cny))
            for benefit in result.counties
        ],
        carry=money_from_decimal(result.carry_cny),
        given_back=money_from_decimal(result.given_back_cny),
        fees=[
            pb.YearlyFee(
                year=fee.year,
                base=money_from_decimal(fee.base_cny),
                rate_annual=fee.rate_annual,
                fee=money_from_decimal(fee.fee_cny),
            )
            for fee in result.fees
        ],
    )


def result_from_wire(message: pb.RunWaterfallResponse) -> WaterfallResult:
    """What became of the flows."""
    return WaterfallResult(
        tuple(
            Payment(item.year, item.recipient_id, item.step, _cents(decimal_from_money(item.amount)))
            for item in message.payments
        ),
        tuple(
            PartnerResult(
                item.recipient_id,
                _cents(decimal_from_money(item.paid_in)),
                _cents(decimal_from_money(item.received)),
                item.irr_annual if item.HasField("irr_annual") else None,
                item.tvpi if item.HasField("tvpi") else None,
                _cents(decimal_from_money(item.grassroots_cost)),
            )
            for item in message.partners
        ),
        tuple(
            CountyBenefit(item.county, _cents(decimal_from_money(item.amount))) for item in message.counties
        ),
        _cents(decimal_from_money(message.carry)),
        _cents(decimal_from_money(message.given_back)),
        tuple(
            YearlyFee(
                item.year,
                _cents(decimal_from_money(item.base)),
                item.rate_annual,
                _cents(decimal_from_money(item.fee)),
            )
            for item in message.fees
        ),
    )


def _cents(amount: Decimal) -> Decimal:
    return round(amount, 2)
