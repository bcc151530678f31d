"""Terms of a fund between protobuf and Python."""

import datetime as dt
from typing import Any

from ecopledge.fund.v1 import terms_pb2 as pb
from quant.waterfall.steps import CarrySplit, CatchUp, CedeTier, Clawback, GrassrootsShare, Recycling
from services.fund.fund_terms.terms import (
    CedeExcess,
    Distribution,
    FeeBase,
    FundTerms,
    Partner,
    PartnerClass,
    PreferredReturn,
    ReturnOfCapital,
    Step,
    StoredTerms,
)
from services.runtime.violations import Violations
from services.runtime.wire.values import (
    date_from_wire,
    date_to_wire,
    decimal_from_money,
    money_from_decimal,
)

_LONGEST_ID = 64
_CLASSES = {
    pb.PARTNER_CLASS_CITY_FINANCE: PartnerClass.CITY_FINANCE,
    pb.PARTNER_CLASS_PROVINCIAL_COMPANY: PartnerClass.PROVINCIAL_COMPANY,
    pb.PARTNER_CLASS_SOCIAL_CAPITAL: PartnerClass.SOCIAL_CAPITAL,
    pb.PARTNER_CLASS_MANAGER: PartnerClass.MANAGER,
}
_CLASSES_TO_WIRE = {known: number for number, known in _CLASSES.items()}
_FEE_BASES = {
    pb.FEE_BASE_UNSPECIFIED: FeeBase.PAID_IN,
    pb.FEE_BASE_PAID_IN: FeeBase.PAID_IN,
    pb.FEE_BASE_INVESTED: FeeBase.INVESTED,
}
_FEE_BASES_TO_WIRE = {known: number for number, known in _FEE_BASES.items()}
_DISTRIBUTIONS = {
    pb.DISTRIBUTION_BASIS_UNSPECIFIED: Distribution.WHOLE_FUND,
    pb.DISTRIBUTION_BASIS_WHOLE_FUND: Distribution.WHOLE_FUND,
    pb.DISTRIBUTION_BASIS_DEAL_BY_DEAL: Distribution.DEAL_BY_DEAL,
}
_DISTRIBUTIONS_TO_WIRE = {known: number for number, known in _DISTRIBUTIONS.items()}


def terms_from_wire(message: pb.FundTerms, violations: Violations) -> FundTerms | None:
    """Terms, or None after noting everything that is wrong with them, what they mean included."""
    before = len(violations.found)
    violations.require_non_empty("name", message.name)
    partners = violations.each("partners", message.partners, _partner)
    steps: tuple[Step, ...] = violations.each("steps", message.steps, _step)
    known = "a known value"
    violations.require(
        message.fee_base in _FEE_BASES, "fee_base", f"found {message.fee_base}, expected {known}"
    )
    violations.require(
        message.distribution in _DISTRIBUTIONS,
        "distribution",
        f"found {message.distribution}, expected {known}",
    )
    if len(violations.found) > before:
        return None
    terms = FundTerms(
        message.name,
        partners,
        steps,
        message.fee_rate_annual,
        message.life_years,
        tuple(message.assumptions),
        fee_base=_FEE_BASES[message.fee_base],
        investment_period_years=_optional(message, "investment_period_years"),
        fee_rate_after_annual=_optional(message, "fee_rate_after_annual"),
        extension_years=message.extension_years,
        distribution=_DISTRIBUTIONS[message.distribution],
        carries_losses=not message.forgets_losses,
        clawback=Clawback(message.clawback.tax_share, message.clawback.escrow_share)
        if message.HasField("clawback")
        else None,
        recycling=Recycling(
            message.recycling.share, message.recycling.limit_share, message.recycling.until_year
        )
        if message.HasField("recycling")
        else None,
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
        fee_base=_FEE_BASES_TO_WIRE[terms.fee_base],
        investment_period_years=terms.investment_period_years,
        fee_rate_after_annual=terms.fee_rate_after_annual,
        extension_years=terms.extension_years,
        distribution=_DISTRIBUTIONS_TO_WIRE[terms.distribution],
        forgets_losses=not terms.carries_losses,
        clawback=None if terms.clawback is None else _clawback_to_wire(terms.clawback),
        recycling=None if terms.recycling is None else _recycling_to_wire(terms.recycling),
    )


def put_request_from_wire(message: pb.PutTermsRequest) -> tuple[dt.date, str, FundTerms]:
    """Day, id and terms that are to be stored.

    Raises:
        InvalidInput: with every field that is wrong.
    """
    violations = Violations()
    as_of = violations.collect("as_of", date_from_wire, message.as_of)
    violations.require_non_empty("terms_id", message.terms_id)
    violations.require_max_length("terms_id", message.terms_id, _LONGEST_ID)
    terms = terms_from_wire(message.terms, violations.at("terms"))
    violations.raise_if_any()
    assert as_of is not None  # noqa: S101  # None is noted above; tells mypy
    assert terms is not None  # noqa: S101  # likewise
    return as_of, message.terms_id, terms


def stored_terms_to_wire(stored: StoredTerms) -> pb.StoredTerms:
    """The message of a version."""
    message = pb.StoredTerms(
        terms_id=stored.terms_id, as_of=date_to_wire(stored.as_of), terms=terms_to_wire(stored.terms)
    )
    message.recorded_at.FromDatetime(stored.recorded_at)
    return message


def stored_terms_from_wire(message: pb.StoredTerms) -> StoredTerms:
    """A version."""
    violations = Violations()
    terms = terms_from_wire(message.terms, violations.at("terms"))
    violations.raise_if_any()
    assert terms is not None  # noqa: S101  # None is noted above; tells mypy
    recorded_at = message.recorded_at.ToDatetime(dt.UTC)
    return StoredTerms(message.terms_id, date_from_wire(message.as_of), recorded_at, terms)


def _clawback_to_wire(rule: Clawback) -> pb.Clawback:
    return pb.Clawback(tax_share=rule.tax_share, escrow_share=rule.escrow_share)


def _recycling_to_wire(rule: Recycling) -> pb.Recycling:
    return pb.Recycling(share=rule.share, limit_share=rule.limit_share, until_year=rule.until_year)


def _optional(message: Any, field: str) -> Any:
    return getattr(message, field) if message.HasField(field) else None


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
            return ReturnOfCapital(tuple(message.return_of_capital.partner_ids))
        case "preferred_return":
            preferred = message.preferred_return
            return PreferredReturn(preferred.rate_annual, preferred.is_simple, tuple(preferred.partner_ids))
        case "catch_up":
            return CatchUp(message.catch_up.manager_share, message.catch_up.carry_share)
        case "carry_split":
            return CarrySplit(message.carry_split.carry_share)
        case "grassroots_share":
            return GrassrootsShare(message.grassroots_share.share)
        case "cede_excess":
            ceding = message.cede_excess
            tiers = tuple(
                CedeTier(tier.from_multiple, tier.ceded_share, _optional(tier, "to_multiple"))
                for tier in ceding.tiers
            )
            return CedeExcess(ceding.partner_id, tiers, ceding.reinvestment_multiple)
        case _:
            known = ", ".join(field.name for field in pb.WaterfallStep.DESCRIPTOR.fields)
            violations.add("", f"is empty, expected one of {known}")
            return None


def _step_to_wire(step: Step) -> pb.WaterfallStep:
    match step:
        case ReturnOfCapital(partner_ids):
            return pb.WaterfallStep(return_of_capital=pb.ReturnOfCapital(partner_ids=partner_ids))
        case PreferredReturn(rate, is_simple, partner_ids):
            preferred = pb.PreferredReturn(rate_annual=rate, is_simple=is_simple, partner_ids=partner_ids)
            return pb.WaterfallStep(preferred_return=preferred)
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
                tiers=[
                    pb.CedeTier(
                        from_multiple=tier.from_multiple,
                        ceded_share=tier.ceded_share,
                        to_multiple=tier.to_multiple,
                    )
                    for tier in tiers
                ],
                reinvestment_multiple=multiple,
            )
            return pb.WaterfallStep(cede_excess=ceding)
