"""What a loan was granted on besides its repayment, between protobuf and the domain."""

import datetime as dt

from ecopledge.loans.v1 import loans_pb2 as pb
from services.loans.conditions import MAX_PAYER_CHARS, BorrowerSize, GuaranteeMode, InterestSubsidy
from services.runtime.violations import Violations
from services.runtime.wire.values import date_from_wire, date_to_wire

GUARANTEE_MODES = {
    pb.GUARANTEE_MODE_UNSPECIFIED: None,
    pb.GUARANTEE_MODE_PLEDGE: GuaranteeMode.PLEDGE,
    pb.GUARANTEE_MODE_MORTGAGE: GuaranteeMode.MORTGAGE,
    pb.GUARANTEE_MODE_GUARANTEE: GuaranteeMode.GUARANTEE,
    pb.GUARANTEE_MODE_CREDIT: GuaranteeMode.CREDIT,
    pb.GUARANTEE_MODE_COMBINED: GuaranteeMode.COMBINED,
}
GUARANTEE_MODE_TO_WIRE = {mode: number for number, mode in GUARANTEE_MODES.items()}
BORROWER_SIZES = {
    pb.BORROWER_SIZE_UNSPECIFIED: None,
    pb.BORROWER_SIZE_LARGE: BorrowerSize.LARGE,
    pb.BORROWER_SIZE_MEDIUM: BorrowerSize.MEDIUM,
    pb.BORROWER_SIZE_SMALL: BorrowerSize.SMALL,
    pb.BORROWER_SIZE_MICRO: BorrowerSize.MICRO,
    pb.BORROWER_SIZE_NOT_ENTERPRISE: BorrowerSize.NOT_ENTERPRISE,
}
BORROWER_SIZE_TO_WIRE = {size: number for number, size in BORROWER_SIZES.items()}


def subsidy_from_wire(message: pb.InterestSubsidy, violations: Violations) -> InterestSubsidy | None:
    """A subsidy, or None after noting everything that is wrong with it."""
    before = len(violations.found)
    violations.require_max_length("payer", message.payer, MAX_PAYER_CHARS)
    measure = message.WhichOneof("measure")
    if violations.require(
        measure is not None, "measure", "is missing, expected rate_points_annual or interest_share"
    ):
        value = getattr(message, str(measure))
        violations.require(0.0 < value <= 1.0, str(measure), f"found {value}, expected above 0 and at most 1")
    until: dt.date | None = None
    if message.HasField("until"):
        until = violations.collect("until", date_from_wire, message.until)
    if len(violations.found) > before:
        return None
    return InterestSubsidy(
        message.payer,
        message.rate_points_annual if measure == "rate_points_annual" else None,
        message.interest_share if measure == "interest_share" else None,
        until,
    )


def subsidy_to_wire(subsidy: InterestSubsidy) -> pb.InterestSubsidy:
    """The message of a subsidy."""
    message = pb.InterestSubsidy(payer=subsidy.payer)
    if subsidy.rate_points_annual is not None:
        message.rate_points_annual = subsidy.rate_points_annual
    if subsidy.interest_share is not None:
        message.interest_share = subsidy.interest_share
    if subsidy.until is not None:
        message.until.CopyFrom(date_to_wire(subsidy.until))
    return message
