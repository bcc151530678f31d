"""Water rights between protobuf and the domain."""

from ecopledge.valuation.v1 import asset_pb2 as pb
from quant.market.seasons import MONTHS, MonthlyShares
from services.runtime.errors import InvalidInput
from services.runtime.violations import Violations
from services.valuation.asset import WaterRight
from services.valuation.translate import asset_rules as rules
from services.valuation.translate.field_rules import read_numbers
from services.valuation.translate.message_fields import LONGEST_ID, stated_fields, written


def water_right_from_wire(message: pb.WaterRight, at: Violations) -> WaterRight:
    """The water right of a message; notes everything that is wrong with it."""
    at.require_max_length("allocation_factor", message.allocation_factor, LONGEST_ID)
    at.require_max_length("buy_back_factor", message.buy_back_factor, LONGEST_ID)
    _check_season(message, at)
    return WaterRight(
        **read_numbers(message, rules.WATER_RIGHT, at),
        allocation_factor=message.allocation_factor,
        buy_back_factor=message.buy_back_factor,
        use_months=tuple(message.use_months),
        monthly_payments=message.monthly_payments,
        monthly_shares=tuple(message.monthly_shares),
    )


def _check_season(message: pb.WaterRight, at: Violations) -> None:
    months = list(message.use_months)
    for i, month in enumerate(months[: MONTHS + 1]):
        if not 1 <= month <= MONTHS or month in months[:i]:
            at.add(
                f"use_months[{i}]", f"found {month}, expected numbers of months from 1 to {MONTHS}, each once"
            )
    if len(message.monthly_shares) > 0:
        wrong = [i for i, share in enumerate(message.monthly_shares[: MONTHS + 1]) if not 0.0 <= share <= 1.0]
        for i in wrong:
            at.add(
                f"monthly_shares[{i}]", f"found {message.monthly_shares[i]}, expected a fraction from 0 to 1"
            )
        if not wrong:
            at.collect("monthly_shares", _monthly_shares, message)


def _monthly_shares(message: pb.WaterRight) -> None:
    try:
        MonthlyShares(tuple(message.monthly_shares))
    except ValueError as error:
        raise InvalidInput.of("", str(error)) from None


def water_right_to_wire(detail: WaterRight, at: str) -> pb.WaterRight:
    """The message of a water right.

    Raises:
        InvalidInput: a whole number that no field can hold, below `at`.
    """
    return written(pb.WaterRight, stated_fields(detail), at)
