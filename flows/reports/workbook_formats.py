"""The formats of the workbook: number formats by kind, shades by mark, each made once."""

from typing import Any

from flows.reports.document import ColumnKind, Mark, Measure
from flows.reports.labels import label
from services.runtime.results import Severity

_FONT = "Microsoft YaHei"
_SHADES = {Mark.ASSUMPTION: "#FDF3DD", Mark.FLAGGED: "#FBEAE7"}
_SEVERITY_SHADES = {
    Severity.NOTE: "#F4F7F6",
    Severity.WARNING: "#FDF3DD",
    Severity.IMPLAUSIBLE: "#FBEAE7",
}
_UNITS = {ColumnKind.WAN: " 万元", ColumnKind.YI: " 亿元"}
_HEAD_SHADE, _RULE = "#E8EFED", "#C9D2CF"


class Formats:
    """Formats of one workbook, made when first asked for."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[object, ...], Any] = {}
        self.title = self._new(bold=True, font_size=15, font_color="#17604F")
        self.subtitle = self._new(bold=True, font_size=11)
        self.heading = self._new(
            bold=True, bg_color=_HEAD_SHADE, text_wrap=True, valign="vcenter", border=1, border_color=_RULE
        )
        self.paragraph = self._new(text_wrap=True, valign="top")
        self.note = self._new(font_color="#66736F", font_size=9, text_wrap=True, valign="top")
        self.link = self._new(font_color="#17604F", underline=1)

    def _new(self, **properties: object) -> Any:
        return self._book.add_format({"font_name": _FONT, "font_size": 10, **properties})

    def cell(self, kind: ColumnKind, decimals: int, mark: Mark, *, is_total: bool) -> Any:
        """For numbers and dates; a mark is written behind the number by the number format itself."""
        key = (kind, decimals, mark, is_total)
        if key not in self._made:
            properties = _cell_properties(mark, is_total=is_total)
            self._made[key] = self._new(num_format=_number_format(kind, decimals, mark), **properties)
        return self._made[key]

    def measure(self, measure: Measure, mark: Mark) -> Any:
        """For a number that stands alone: its unit and its mark are in the number format."""
        words = _UNITS.get(measure.kind, f" {measure.unit}" if measure.unit else "")
        words += "" if mark is Mark.PLAIN else f"（{label(f'mark.{mark}').zh}）"
        sign = "%" if measure.kind is ColumnKind.PERCENT else ""
        digits = _digits(measure.decimals) + sign + (f'"{words}"' if words else "")
        if measure.is_change:
            digits = f"+{digits};-{digits}"
        if (digits, mark) not in self._made:
            properties = _cell_properties(mark, is_total=False)
            self._made[(digits, mark)] = self._new(num_format=digits, align="right", **properties)
        return self._made[(digits, mark)]

    def words(self, kind: ColumnKind, mark: Mark, *, is_total: bool) -> Any:
        """For texts; "no figure" in a column of numbers stands flush right."""
        key = ("words", kind is ColumnKind.TEXT, mark, is_total)
        if key not in self._made:
            properties = _cell_properties(mark, is_total=is_total)
            align = "left" if kind is ColumnKind.TEXT else "right"
            self._made[key] = self._new(align=align, text_wrap=True, **properties)
        return self._made[key]

    def severity(self, severity: Severity) -> Any:
        """For a finding."""
        if (severity,) not in self._made:
            self._made[(severity,)] = self._new(
                bg_color=_SEVERITY_SHADES[severity], text_wrap=True, valign="top"
            )
        return self._made[(severity,)]


def _cell_properties(mark: Mark, *, is_total: bool) -> dict[str, object]:
    properties: dict[str, object] = {"valign": "top", "border": 1, "border_color": _RULE}
    if is_total:
        properties |= {"bold": True, "bg_color": _HEAD_SHADE, "top": 2}
    if mark in _SHADES:
        properties["bg_color"] = _SHADES[mark]
    return properties


def _number_format(kind: ColumnKind, decimals: int, mark: Mark) -> str:
    if kind is ColumnKind.DATE:
        return "yyyy-mm-dd"
    digits = _digits(decimals)
    return digits if mark is Mark.PLAIN else f'{digits}" {label(f"mark.{mark}").zh}"'


def _digits(decimals: int) -> str:
    return "#,##0" + ("." + "0" * decimals if decimals else "")
