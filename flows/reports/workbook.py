"""A document as a workbook: numbers stay numbers in 万元 and 亿元, assumptions are shaded and say so in the cell."""

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import xlsxwriter

from flows.reports.bilingual import Bilingual
from flows.reports.document import (
    NUMERIC_KINDS,
    Block,
    Cell,
    Column,
    ColumnKind,
    Document,
    Findings,
    KeyFigures,
    Mark,
    Paragraph,
    Section,
    Table,
)
from flows.reports.figures import decimals_of, in_column_unit, plain_text, unit_of
from flows.reports.labels import label
from flows.reports.workbook_formats import Formats
from flows.reports.workbook_key_figures import KEY_FIGURE_WIDTHS, write_key_figures
from flows.reports.workbook_layout import (
    LINE_HEIGHT,
    TEXT_SHEET_WIDTH,
    display_width,
    lines_of,
    with_empty_columns,
)

# A fixed moment, so that the same document gives the same bytes.
_CREATED = dt.datetime(2020, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)
# Excel takes 32,767 characters; the rest is room for the mark.
_LONGEST_CELL = 32_700
_LONGEST_SHEET_NAME = 31
_LONGEST_PAGE_HEAD = 240
_NARROWEST, _WIDEST, _LONG_TEXT_WIDTH = 9, 34, 60
_COVER_WIDTHS = [30, 96]
_HEADER_ROW = 2


def render_workbook(document: Document) -> bytes:
    """The workbook: a cover, then a sheet a section; further tables of a section have sheets of their own.

    Texts are always written as texts, so a name that begins with "=" never becomes a formula.
    """
    content = io.BytesIO()
    book = xlsxwriter.Workbook(
        content,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"title": document.title.inline(), "author": "ecopledge", "created": _CREATED})
    formats = Formats(book)
    cover = book.add_worksheet(label("cover.sheet").zh)
    sheets: list[tuple[str, Bilingual]] = []
    for number, section in enumerate(document.sections, start=1):
        sheets += _write_section(book, formats, number, section, document.notice)
    _write_cover(cover, formats, document, sheets)
    book.close()
    return content.getvalue()


def _sheet_name(number: int, part: int, name: str) -> str:
    """A name that Excel takes: short, without the characters it refuses."""
    cleaned = "".join("－" if character in "[]:*?/\\'" else character for character in name)
    prefix = f"{number} " if part == 1 else f"{number}.{part} "
    return (prefix + cleaned)[:_LONGEST_SHEET_NAME]


def _write_section(
    book: Any, formats: Formats, number: int, section: Section, notice: Bilingual | None
) -> list[tuple[str, Bilingual]]:
    tables = section.tables()
    names = [_sheet_name(number, 1, section.sheet_name)]
    names += [_sheet_name(number, part, table.title.zh) for part, table in enumerate(tables[1:], start=2)]
    written: list[tuple[str, Bilingual]] = []
    for position, name in enumerate(names):
        sheet = book.add_worksheet(name)
        sheet.hide_gridlines(2)
        table = tables[position] if tables else None
        title = section.title if table is None else table.title
        sheet.write_string(0, 0, _headed(section.title, notice), formats.title)
        sheet.write_string(1, 0, title.inline(), formats.subtitle)
        next_row = _HEADER_ROW + 1 if table is None else _write_table(sheet, formats, table)
        if position == 0:
            widths = _text_widths(section) if table is None else _column_widths(table)
            for column, width in enumerate(widths):
                sheet.set_column(column, column, width)
            _write_words(sheet, formats, section.blocks, next_row + 1, widths)
        _set_up_printing(sheet)
        _print_notice(sheet, notice)
        written.append((name, title))
    return written


def _text_widths(section: Section) -> list[int]:
    """Widths of a sheet without a table."""
    has_figures = any(isinstance(block, KeyFigures) for block in section.blocks)
    return KEY_FIGURE_WIDTHS if has_figures else [TEXT_SHEET_WIDTH]


def _headed(title: Bilingual, notice: Bilingual | None) -> str:
    """The first line of a sheet, which begins with what must stand on every one."""
    return title.inline() if notice is None else f"【{notice.inline()}】 {title.inline()}"


def _print_notice(sheet: Any, notice: Bilingual | None) -> None:
    """Put what must stand on every printed page at its head; an "&" begins a code there."""
    if notice is not None:
        sheet.set_header("&C" + notice.zh.replace("&", "＆")[:_LONGEST_PAGE_HEAD])


def _set_up_printing(sheet: Any) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEADER_ROW)
    sheet.set_footer("&L&A&R&P / &N")


def _write_table(sheet: Any, formats: Formats, table: Table) -> int:
    """Write a table below the frozen heading; returns the first free row."""
    widths = _column_widths(table)
    for position, column in enumerate(table.columns):
        unit = unit_of(column)
        heading = column.heading.zh + (f"（{unit}）" if unit else "")
        sheet.write_string(
            _HEADER_ROW, position, "\n".join(filter(None, [heading, column.heading.en])), formats.heading
        )
        sheet.set_column(position, position, widths[position])
    sheet.set_row(_HEADER_ROW, 48)
    for row_number, row in enumerate(table.rows, start=_HEADER_ROW + 1):
        for position, (column, cell) in enumerate(zip(table.columns, row.cells, strict=True)):
            _write_cell(sheet, formats, (row_number, position), column, cell, is_total=row.is_total)
        lines = max(
            lines_of(shown_words(column, cell), width)
            for column, cell, width in zip(table.columns, row.cells, widths, strict=True)
        )
        sheet.set_row(row_number, LINE_HEIGHT * lines + 2)
    sheet.freeze_panes(_HEADER_ROW + 1, 1)
    end = _HEADER_ROW + 1 + len(table.rows)
    if table.rows and not any(row.is_total for row in table.rows):
        sheet.autofilter(_HEADER_ROW, 0, end - 1, len(table.columns) - 1)
    if table.caption is not None:
        _write_across(sheet, end, table.caption.inline(), formats.note, widths)
        end += 1
    return end


def _write_cell(
    sheet: Any, formats: Formats, place: tuple[int, int], column: Column, cell: Cell, *, is_total: bool
) -> None:
    value = cell.value
    cell_format = formats.cell(column.kind, decimals_of(column), cell.mark, is_total=is_total)
    if isinstance(value, int | float | Decimal) and column.kind in NUMERIC_KINDS:
        sheet.write_number(*place, float(in_column_unit(value, column.kind)), cell_format)
    elif isinstance(value, dt.date):
        sheet.write_datetime(*place, dt.datetime.combine(value, dt.time()), cell_format)
    else:
        sheet.write_string(*place, cell_words(cell), formats.words(column.kind, cell.mark, is_total=is_total))
    if cell.note is not None:
        sheet.write_comment(*place, cell.note.inline(), {"author": "ecopledge", "x_scale": 2.2})


def cell_words(cell: Cell) -> str:
    """A cell without a number as text, the mark written out."""
    words = plain_text(cell.value)
    if isinstance(cell.value, Bilingual):
        words = "\n".join(filter(None, [cell.value.zh, cell.value.en]))
    if len(words) > _LONGEST_CELL:
        words = words[:_LONGEST_CELL] + "…"
    if cell.mark is Mark.PLAIN:
        return words
    return f"{words}（{label(f'mark.{cell.mark}').inline()}）"


def _write_words(
    sheet: Any, formats: Formats, blocks: tuple[Block, ...], row: int, widths: list[int]
) -> None:
    """Write paragraphs, key figures and findings below the first table of a section, across its columns."""
    for block in blocks:
        lines: list[tuple[str, Any]] = []
        if isinstance(block, Paragraph):
            lines = [(block.text.zh, formats.paragraph), (block.text.en, formats.note)]
        elif isinstance(block, KeyFigures):
            row = write_key_figures(sheet, formats, block.figures, row, widths) + 1
        elif isinstance(block, Findings):
            lines = [(block.title.inline(), formats.subtitle)]
            for finding in block.by_weight():
                severity = label(f"severity.{finding.severity}").inline()
                words = f"[{severity}] {finding.subject} {finding.message.zh}".replace("  ", " ")
                lines += [(words, formats.severity(finding.severity)), (finding.message.en, formats.note)]
        for words, words_format in lines:
            if words:
                _write_across(sheet, row, words, words_format, widths)
                row += 1
        row += 1 if lines else 0


def _write_across(sheet: Any, row: int, words: str, words_format: Any, widths: list[int]) -> None:
    """Write a text over all columns and as many empty ones as it takes to read well, as high as it needs."""
    widths = with_empty_columns(widths)
    if len(widths) > 1:
        sheet.merge_range(row, 0, row, len(widths) - 1, "", words_format)
    sheet.write_string(row, 0, words, words_format)
    sheet.set_row(row, LINE_HEIGHT * lines_of(words, sum(widths)) + 2)


def _write_cover(
    sheet: Any, formats: Formats, document: Document, sheets: list[tuple[str, Bilingual]]
) -> None:
    sheet.hide_gridlines(2)
    for column, width in enumerate(_COVER_WIDTHS):
        sheet.set_column(column, column, width)
    sheet.write_string(0, 0, _headed(document.title, document.notice), formats.title)
    _print_notice(sheet, document.notice)
    sheet.write_string(1, 0, document.subtitle.inline(), formats.subtitle)
    row = 3
    for name, value in [
        (label("cover.as_of"), document.as_of.isoformat()),
        *((fact.name, fact.value) for fact in document.facts),
    ]:
        sheet.write_string(row, 0, name.inline(), formats.heading)
        sheet.write_string(row, 1, value, formats.words(ColumnKind.TEXT, Mark.PLAIN, is_total=False))
        lines = max(map(lines_of, (name.inline(), value), _COVER_WIDTHS))
        sheet.set_row(row, LINE_HEIGHT * lines + 2)
        row += 1
    row += 1
    for mark in (Mark.ASSUMPTION, Mark.FLAGGED):
        cell_format = formats.words(ColumnKind.TEXT, mark, is_total=False)
        sheet.write_string(row, 0, label(f"mark.{mark}").inline(), cell_format)
        sheet.write_string(row, 1, label(f"cover.legend_{mark}").inline(), formats.paragraph)
        row += 1
    row = _write_contents(sheet, formats, sheets, row + 1)
    sheet.write_string(row, 0, label("cover.sources").inline(), formats.subtitle)
    for source in document.sources:
        row += 1
        _write_across(sheet, row, source.inline(), formats.paragraph, _COVER_WIDTHS)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _write_contents(sheet: Any, formats: Formats, sheets: list[tuple[str, Bilingual]], row: int) -> int:
    sheet.write_string(row, 0, label("cover.contents").inline(), formats.subtitle)
    for name, title in sheets:
        row += 1
        sheet.write_url(row, 0, f"internal:'{name}'!A1", formats.link, name)
        sheet.write_string(row, 1, title.inline(), formats.paragraph)
    return row + 2


def _column_widths(table: Table) -> list[int]:
    return [_column_width(table, position) for position in range(len(table.columns))]


def _column_width(table: Table, position: int) -> int:
    column = table.columns[position]
    if column.is_long_text:
        return _LONG_TEXT_WIDTH
    unit = unit_of(column)
    widths = [
        display_width(column.heading.zh + (f"（{unit}）" if unit else "")),
        display_width(column.heading.en) * 2 // 3,
    ]
    widths += [display_width(shown_words(column, row.cells[position])) for row in table.rows]
    return max(_NARROWEST, min(_WIDEST, max(widths) + 2))


def shown_words(column: Column, cell: Cell) -> str:
    """What a cell shows, numbers as their format writes them; for widths and heights only."""
    if isinstance(cell.value, int | float | Decimal):
        return f"{in_column_unit(cell.value, column.kind):,.{decimals_of(column)}f}" + _number_mark(cell.mark)
    return cell_words(cell)


def _number_mark(mark: Mark) -> str:
    return "" if mark is Mark.PLAIN else f" {label(f'mark.{mark}').zh}"
