"""Levels of loan to value by product, and when a pledge should be valued again; data/loans/pledge_levels.toml."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import msgspec

from services.runtime.bundled import bundled
from services.runtime.errors import InvalidInput
from services.runtime.toml_file import toml_content

STANDARD_LEVELS = "loans/pledge_levels.toml"
ALL_OTHERS = ""


class PledgeLevel(StrEnum):
    """How high the loan to value of a loan is, lowest first."""

    NORMAL = "normal"  # 正常
    WARNING = "warning"  # 预警
    CALL = "call"  # 补仓
    LIQUIDATION = "liquidation"  # 处置


LEVEL_LABELS_ZH = {
    PledgeLevel.NORMAL: "正常",
    PledgeLevel.WARNING: "预警",
    PledgeLevel.CALL: "补仓",
    PledgeLevel.LIQUIDATION: "处置",
}


@dataclass(frozen=True, slots=True)
class ProductLevels:
    """Loan-to-value levels of a product, fractions of 1, 0 < warning < call < liquidation.

    Attributes:
        product: as loans name it; empty for all others.
        warning, call, liquidation: a loan to value at or above a level has reached it.
        is_assumption: whether they are one.
        citation: where they come from.

    Raises:
        ValueError: if they are not in order.
    """

    product: str
    warning: float
    call: float
    liquidation: float
    is_assumption: bool
    citation: str

    def __post_init__(self) -> None:
        if not 0.0 < self.warning < self.call < self.liquidation <= 10.0:
            raise ValueError(
                f"levels of {self.product!r}: found {self.warning}, {self.call}, {self.liquidation}, expected "
                "0 < warning < call < liquidation <= 10"
            )

    def level_of(self, balance_cny: float, value_cny: float) -> PledgeLevel:
        """The level that a balance against a value has reached; nothing owed is normal."""
        if balance_cny <= 0.0:
            return PledgeLevel.NORMAL
        # In floats 0.55 x 100,000 is above 55,000, and a loan at its level would not have reached it.
        balance, value = Decimal(repr(balance_cny)), Decimal(repr(max(value_cny, 0.0)))
        reached = [
            level
            for level, limit in (
                (PledgeLevel.WARNING, self.warning),
                (PledgeLevel.CALL, self.call),
                (PledgeLevel.LIQUIDATION, self.liquidation),
            )
            if balance >= Decimal(repr(limit)) * value
        ]
        return reached[-1] if reached else PledgeLevel.NORMAL


@dataclass(frozen=True, slots=True)
class RevaluationRule:
    """When a pledge should be valued again.

    Attributes:
        interval_months: longest time between two valuations.
        market_move: change of the value that asks for one, a fraction.
        is_assumption: whether it is one.
        citation: where it comes from.
    """

    interval_months: int
    market_move: float
    is_assumption: bool
    citation: str

    def __post_init__(self) -> None:
        if not 1 <= self.interval_months <= 600 or not 0.0 < self.market_move <= 10.0:
            raise ValueError(
                f"revaluation: found {self.interval_months} months and a move of {self.market_move}, expected "
                "1 to 600 and above 0 to 10"
            )


@dataclass(frozen=True, slots=True)
class MonitoringRules:
    """Levels and rule of re-valuation.

    Attributes:
        by_product: levels by product; those of all others under the empty name.
        revaluation: the rule.
    """

    by_product: Mapping[str, ProductLevels]
    revaluation: RevaluationRule

    def levels_of(self, product: str) -> ProductLevels:
        """Levels of a product: its own, or those of what stands before a "+", or those of all others."""
        for name in (product, product.partition("+")[0]):
            if name in self.by_product:
                return self.by_product[name]
        return self.by_product[ALL_OTHERS]


@dataclass(frozen=True, slots=True)
class _File:
    revaluation: RevaluationRule
    levels: tuple[ProductLevels, ...]


def read_standard_levels() -> MonitoringRules:
    """The bundled rules.

    Raises:
        InvalidInput: the file is missing or wrong.
    """
    return read_levels(bundled(STANDARD_LEVELS))


def read_levels(path: Path) -> MonitoringRules:
    """The rules of a TOML file.

    Raises:
        InvalidInput: naming the file, what was found and what was expected.
    """
    try:
        read = msgspec.convert(toml_content(path), _File)
    except (msgspec.ValidationError, ValueError) as error:
        raise InvalidInput.of(str(path), str(error)) from None
    products = [levels.product for levels in read.levels]
    if ALL_OTHERS not in products or len(set(products)) < len(products):
        raise InvalidInput.of(
            str(path), f"found levels of {products}, expected each product once and one with an empty name"
        )
    return MonitoringRules({levels.product: levels for levels in read.levels}, read.revaluation)
