"""What a margin call asks for: exact amounts that bring loan to value back to the call level, rounded up to the fen."""

from decimal import ROUND_CEILING, Decimal

from services.loans.pledges.levels import PledgeLevel, ProductLevels

_FEN = Decimal("0.01")
_NOTHING = Decimal("0.00")


def margin_call(balance_cny: float, value_cny: float, levels: ProductLevels) -> tuple[Decimal, Decimal]:
    """Cash, or else additional pledge value, that brings B / V down to the call level c.

    Cash pays down the balance: B - c V. A pledge adds to the value: B / c - V. Both are 0 below the call level.
    """
    if levels.level_of(balance_cny, value_cny) not in {PledgeLevel.CALL, PledgeLevel.LIQUIDATION}:
        return _NOTHING, _NOTHING
    balance, value = Decimal(repr(balance_cny)), Decimal(repr(max(value_cny, 0.0)))
    call = Decimal(repr(levels.call))
    return _up(balance - call * value), _up(balance / call - value)


def _up(amount_cny: Decimal) -> Decimal:
    return max(amount_cny, _NOTHING).quantize(_FEN, rounding=ROUND_CEILING)
