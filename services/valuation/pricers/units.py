"""Units in which quantities of rights are meant, with the Chinese ones; conversion refuses what does not fit.

1 亩 (mu) = 1/15 ha. tCO2e is a mass of carbon dioxide; carbon itself (tC) is refused, not converted silently.
"""

from functools import cache, lru_cache

import pint

from services.runtime.errors import InvalidInput

_DEFINITIONS = (
    "mu = 10000 / 15 * meter ** 2 = _ = 亩",
    "万亩 = 1e4 * mu",
    "公顷 = hectare",
    "hm2 = hectare",
    "km2 = kilometer ** 2 = _ = 平方公里",
    "m2 = meter ** 2 = _ = 平方米",
    "m3 = meter ** 3 = _ = 立方米 = 方",
    "万m3 = 1e4 * m3 = _ = 万立方米 = 万方",
    "亿m3 = 1e8 * m3 = _ = 亿立方米",
    "吨 = metric_ton",
    "万吨 = 1e4 * metric_ton = _ = 万t",
    "tCO2e = metric_ton = _ = tCO2",
    "万tCO2e = 1e4 * metric_ton",
    "千克 = kilogram = _ = 公斤",
    "千瓦时 = kilowatt_hour = _ = 度",
    "万千瓦时 = 1e4 * kilowatt_hour",
    "兆瓦时 = megawatt_hour",
    "certificate = megawatt_hour = _ = 张",
    "tce = 29.3076e9 * joule = _ = 吨标准煤",
    "万tce = 1e4 * tce = _ = 万吨标准煤",
    "CNY = [currency] = _ = 元",
    "万元 = 1e4 * CNY",
    "亿元 = 1e8 * CNY",
)


@lru_cache(maxsize=256)
def conversion_factor(unit: str, expected: str, field: str) -> float:
    """Units of `expected` in one `unit`.

    >>> conversion_factor("ha", "mu", "unit")
    15.0

    Raises:
        InvalidInput: about `field`, if the unit is unknown or of another dimension.
    """
    registry = _registry()
    try:
        # 15 digits keep what a definition carries and drop the rounding of the chain of conversions.
        return float(f"{registry.Quantity(1.0, unit).to(expected).magnitude:.15g}")
    except (pint.errors.PintError, AttributeError, ValueError, TypeError, AssertionError, SyntaxError):
        raise InvalidInput.of(
            field, f"found unit {unit!r}, expected {expected!r} or one that converts to it"
        ) from None


@cache
def _registry() -> "pint.UnitRegistry[float]":
    registry: pint.UnitRegistry[float] = pint.UnitRegistry()
    for definition in _DEFINITIONS:
        registry.define(definition)
    return registry
