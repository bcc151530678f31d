"""The unit that a line above the headings states for a whole table: 单位：万元, （金额单位：人民币亿元）."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_STATED = re.compile(
    r"(\w{0,12}?)(?:人民币)?(计量|金额|货币|数量)?单\s*位\s*:\s*(?:人民币(?=[^\s元)]))?([^\s()\[\],;]*)"
)
_WITHIN_A_UNIT = re.compile(r"(?<=[万亿千百])\s+(?=元)")


@dataclass(frozen=True, slots=True)
class StatedUnit:
    """What follows the words 单位.

    Attributes:
        text: in one width; may be empty.
        is_of_figures: whether it must be a unit; after 填报单位 or 编制单位 stands an office.
    """

    text: str
    is_of_figures: bool


def units_above(lines: Iterable[Sequence[str]]) -> tuple[StatedUnit, ...]:
    """The units stated in rows above the headings, in order; a unit may stand in the next cell.

    Args:
        lines: cells of the rows above the headings.
    """
    found = []
    for cells in lines:
        text = _WITHIN_A_UNIT.sub("", unicodedata.normalize("NFKC", " ".join(filter(None, cells))))
        found += [
            StatedUnit(match[3], not match[1] or match[2] is not None) for match in _STATED.finditer(text)
        ]
    return tuple(found)
