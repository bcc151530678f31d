"""Units in which quantities of rights may be meant: a closed table, so that what nobody thought of is refused.

1 亩 (mu) = 1/15 ha. A ton is the metric one. tCO2e is a mass of carbon dioxide; carbon itself (tC) is refused, not
converted silently, and so are energy given for coal equivalent and the other way round, which need a convention.
Cubes of prefixed lengths (km3, dm3) are not in the table: a prefix before "m3" would be read as one before the volume.
"""

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from services.runtime.errors import InvalidInput

_MASS: Mapping[str, int | str] = {
    "t": 1,
    "吨": 1,
    "tonne": 1,
    "ton": 1,
    "kg": "1/1000",
    "千克": "1/1000",
    "公斤": "1/1000",
}
_IN_ONE: Mapping[str, Mapping[str, int | str]] = MappingProxyType(
    {
        "mu": {
            "mu": 1, "亩": 1, "ha": 15, "hm2": 15, "hm²": 15, "公顷": 15, "km2": 1500, "km²": 1500,
            "平方公里": 1500, "平方千米": 1500, "m2": "3/2000", "m²": "3/2000", "平方米": "3/2000",
        },
        "m3": {"m3": 1, "m³": 1, "立方米": 1, "方": 1},
        "t": _MASS,
        "tCO2e": {**_MASS, "tCO2e": 1, "tCO2": 1, "吨二氧化碳": 1, "吨二氧化碳当量": 1},
        "tce": {"tce": 1, "吨标准煤": 1, "kgce": "1/1000", "千克标准煤": "1/1000"},
        "MWh": {
            "MWh": 1, "兆瓦时": 1, "张": 1, "certificate": 1, "GWh": 1000,
            "kWh": "1/1000", "千瓦时": "1/1000", "度": "1/1000",
        },
        "CNY": {"CNY": 1, "RMB": 1, "元": 1, "人民币元": 1},
    }
)  # fmt: skip
"""For each unit of a kind, how many of it one of each admitted unit is."""

_LONGEST_SHOWN = 32
_MYRIADS = MappingProxyType({"万": 10**4, "亿": 10**8})


def conversion_factor(unit: str, expected: str, field: str) -> float:
    """How many `expected` one `unit` is; 万 and 亿 may stand before any unit of the table.

    >>> conversion_factor("ha", "mu", "unit")
    15.0
    >>> conversion_factor("万亩", "mu", "unit")
    10000.0

    Raises:
        InvalidInput: about `field`, if the unit is not in the table or measures something else.
    """
    admitted = _IN_ONE.get(expected, {expected: 1})
    myriad = _MYRIADS.get(unit[:1], 1)
    size = admitted.get(unit if myriad == 1 else unit[1:])
    if size is None:
        raise InvalidInput.of(
            field,
            f"found unit {unit[:_LONGEST_SHOWN]!r}, expected {expected!r} or one that converts to it: "
            f"{', '.join(admitted)}, also with 万 or 亿 before it",
        )
    return float(Fraction(size) * myriad)
