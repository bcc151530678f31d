"""Terms, flows and waterfall results between protobuf and Python."""

from collections.abc import Sequence
from decimal import Decimal

from ecopledge.fund.v1 import fund_pb2 as pb
from quant.waterfall_steps import CarrySplit, CatchUp, CedeTier, GrassrootsShare
from services.fund.terms import (
    CedeExcess,
    FundCashFlow,
    FundTerms,
    Partner,
    PartnerClass,
    PartnerResult,
    Payment,
    PreferredReturn,
    ReturnOfCapital,
    Step,
    WaterfallResult,
)
from services.runtime.violations import Violations
from services.runtime.wire import decimal_from_money, money_from_decimal

_LONGEST_ID = 64
_CLASSES = {
    pb.PARTNER_CLASS_CITY_FINANCE: PartnerClass.CITY_FINANCE,
    pb.PARTNER_CLASS_PROVINCIAL_COMPANY: PartnerClass.PROVINCIAL_COMPANY,
    pb.PARTNER_CLASS_SOCIAL_CAPITAL: PartnerClass.SOCIAL_CAPITAL,
    pb.PARTNER_CLASS_MANAGER: PartnerClass.MANAGER,
}
_CLASSES_TO_WIRE = {known: number for number, known in _CLASSES.items()}


def terms_from_wire(message: pb.FundTerms, violations: Violations) -> FundTerms | None:
    """Terms, or None after noting everything that is wrong with them, what they mean included."""
    before = len(violations.found)
    violations.require_non_empty("name", message.name)
    partners = [_partner(item, violations.at(f"partners[{i}]")) for i, item in enumerate(message.partners)]
    steps = [_step(item, violations.at(f"steps[{i}]")) for i, item in enumerate(message.steps)]
    if len(violations.found) > before:
        return None
    terms = FundTerms(
        message.name,
        tuple(partner for partner in partners if partner is not None),
        tuple(step for step in steps if step is not None),
        message.fee_rate_annual,
        message.life_years,
        tuple(message.assumptions),
    )
    for flaw in terms.find_flaws():
        violations.add(flaw.field, flaw.description)
    return terms if len(violations.found) == before else None


def terms_to_wire(terms: FundTerms) -> pb.FundTerms:
    """The message of terms."""
    return pb.FundTerms(
        name=terms.name,
        partners=[
            pb.Partner(
                partner_id=partner.partner_id,
                name=partner.name,
                partner_class=_CLASSES_TO_WIRE[partner.partner_class],
                commitment=money_from_decimal(partner.commitment_cny),
            )
            for partner in terms.partners
        ],
        steps=[_step_to_wire(step) for step in terms.steps],
        fee_rate_annual=terms.fee_rate_annual,
        life_years=terms.life_years,
        assumptions=terms.assumptions,
    )


def flows_from_wire(messages: Sequence[pb.FundCashFlow], violations: Violations) -> tuple[FundCashFlow, ...]:
    """The flows that are right; everything that is wrong is noted."""
    violations.require_non_empty("flows", messages)
    flows = []
    for i, message in enumerate(messages):
        at = violations.at(f"flows[{i}]")
        called = at.collect("called", decimal_from_money, message.called)
        distributable = at.collect("distributable", decimal_from_money, message.distributable)
        if called is not None and distributable is not None:
            flows.append(FundCashFlow(message.year, called, distributable))
    return tuple(flows)


def flow_to_wire(flow: FundCashFlow) -> pb.FundCashFlow:
    """The message of a flow."""
    return pb.FundCashFlow(
        year=flow.year,
        called=money_from_decimal(flow.called_cny),
        distributable=money_from_decimal(flow.distributable_cny),
    )


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
            )
            for partner in result.partners
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
            )
            for item in message.partners
        ),
    )


def _cents(amount: Decimal) -> Decimal:
    return round(amount, 2)


def _partner(message: pb.Partner, violations: Violations) -> Partner | None:
    good = violations.require_non_empty("partner_id", message.partner_id)
    good &= violations.require_max_length("partner_id", message.partner_id, _LONGEST_ID)
    good &= violations.require_known_enum("partner_class", message.partner_class, _CLASSES, "PartnerClass")
    commitment = violations.collect("commitment", decimal_from_money, message.commitment)
    if not good or commitment is None:
        return None
    return Partner(message.partner_id, message.name, _CLASSES[message.partner_class], commitment)


def _step(message: pb.WaterfallStep, violations: Violations) -> Step | None:
    match message.WhichOneof("step"):
        case "return_of_capital":
            return ReturnOfCapital()
        case "preferred_return":
            return PreferredReturn(message.preferred_return.rate_annual)
        case "catch_up":
            return CatchUp(message.catch_up.manager_share, message.catch_up.carry_share)
        case "carry_split":
            return CarrySplit(message.carry_split.carry_share)
        case "grassroots_share":
            return GrassrootsShare(message.grassroots_share.share)
        case "cede_excess":
            ceding = message.cede_excess
            tiers = tuple(CedeTier(tier.from_multiple, tier.ceded_share) for tier in ceding.tiers)
            return CedeExcess(ceding.partner_id, tiers, ceding.reinvestment_multiple)
        case _:
            known = ", ".join(field.name for field in pb.WaterfallStep.DESCRIPTOR.fields)
            violations.add("", f"is empty, expected one of {known}")
            return None


def _step_to_wire(step: Step) -> pb.WaterfallStep:
    match step:
        case ReturnOfCapital():
            return pb.WaterfallStep(return_of_capital=pb.ReturnOfCapital())
        case PreferredReturn(rate):
            return pb.WaterfallStep(preferred_return=pb.PreferredReturn(rate_annual=rate))
        case CatchUp(manager_share, carry_share):
            catch_up = pb.CatchUp(manager_share=manager_share, carry_share=carry_share)
            return pb.WaterfallStep(catch_up=catch_up)
        case CarrySplit(carry_share):
            return pb.WaterfallStep(carry_split=pb.CarrySplit(carry_share=carry_share))
        case GrassrootsShare(share):
            return pb.WaterfallStep(grassroots_share=pb.GrassrootsShare(share=share))
        case CedeExcess(partner_id, tiers, multiple):
            ceding = pb.CedeExcess(
                partner_id=partner_id,
                tiers=[pb.CedeTier(from_multiple=t.from_multiple, ceded_share=t.ceded_share) for t in tiers],
                reinvestment_multiple=multiple,
            )
            return pb.WaterfallStep(cede_excess=ceding)
