"""Key figures in a workbook: the name, the number itself in a cell that others can refer to, what it rests on."""

from typing import Any

from flows.reports.document import ColumnKind, KeyFigure, Mark, Measure
from flows.reports.figures import figure_text, in_column_unit
from flows.reports.labels import label
from flows.reports.workbook_formats import Formats
from flows.reports.workbook_layout import LINE_HEIGHT, lines_of, with_empty_columns

# Name, number, detail, where no table of the sheet sets the widths.
KEY_FIGURE_WIDTHS = [44, 26, 60]
_NAME_WIDTH, _NUMBER_WIDTH = 36, 24


def write_key_figures(
    sheet: Any, formats: Formats, figures: tuple[KeyFigure, ...], row: int, widths: list[int]
) -> int:
    """Write a row for each figure from a row on, across the columns of the sheet; returns the first free row."""
    widths = with_empty_columns(widths)
    number_at = _columns_for(widths, 0, _NAME_WIDTH)
    detail_at = _columns_for(widths, number_at, _NUMBER_WIDTH)
    name_width, detail_width = sum(widths[:number_at]), sum(widths[detail_at:])
    for place, figure in enumerate(figures, start=row):
        name, detail = figure.name.inline(), "" if figure.detail is None else figure.detail.inline()
        _span(sheet, place, 0, number_at, formats.paragraph)
        sheet.write_string(place, 0, name, formats.paragraph)
        _write_value(sheet, formats, figure, place, (number_at, detail_at))
        if detail:
            _span(sheet, place, detail_at, len(widths), formats.note)
            sheet.write_string(place, detail_at, detail, formats.note)
        lines = max(lines_of(name, name_width), lines_of(detail, detail_width))
        sheet.set_row(place, LINE_HEIGHT * lines + 2)
    return row + len(figures)


def _columns_for(widths: list[int], first: int, wanted: int) -> int:
    """The first column behind as many as together are wide enough; one at least is left over."""
    end = first + 1
    while sum(widths[first:end]) < wanted and end < len(widths) - 1:
        end += 1
    return end


def _span(sheet: Any, row: int, first: int, end: int, cell_format: Any) -> None:
    if end - first > 1:
        sheet.merge_range(row, first, row, end - 1, "", cell_format)


def _write_value(sheet: Any, formats: Formats, figure: KeyFigure, row: int, columns: tuple[int, int]) -> None:
    first, end = columns
    if isinstance(figure.value, str):
        marked = "" if figure.mark is Mark.PLAIN else f"（{label(f'mark.{figure.mark}').inline()}）"
        cell_format = formats.words(ColumnKind.NUMBER, figure.mark, is_total=False)
        _span(sheet, row, first, end, cell_format)
        sheet.write_string(row, first, figure_text(figure.value) + marked, cell_format)
        return
    cell_format = formats.measure(figure.value, figure.mark)
    _span(sheet, row, first, end, cell_format)
    sheet.write_number(row, first, _in_cell(figure.value), cell_format)


def _in_cell(measure: Measure) -> float:
    """万元 and 亿元 as everywhere in the workbook; a ratio as it is, because the format writes the percent."""
    if measure.kind is ColumnKind.PERCENT:
        return measure.value
    return float(in_column_unit(measure.value, measure.kind))
