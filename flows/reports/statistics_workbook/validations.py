"""What does not add up, and what changed: checks, the loans behind every break, differences between versions.

Amounts are in 元 here: a difference of one cent must show.
"""

from collections.abc import Iterable, Sequence

from flows.reports.bilingual import Bilingual
from flows.reports.document import Cell, Column, ColumnKind, Mark, Paragraph, Row, Section, Table
from flows.reports.labels import label
from flows.reports.statistics_workbook.figures import cny
from flows.reports.statistics_workbook.names import Names, name_of_check
from services.loans.statistics.differences import FigureDifference, VersionDifferences
from services.loans.statistics.result import Break, CheckKind, QuarterStatistics

# Above it a workbook no longer opens well; the table beside it has all of them.
SHOWN_BREAKS = 20_000
# Rates are shown in steps of 0.0001 of a percentage point.
_RATE_DECIMALS = 6
_BREAK_AMOUNTS = ("opening", "drawn", "repaid", "prepaid", "written_off", "closing")


def checks_section(statistics: QuarterStatistics) -> Section:
    """Every check with its result."""
    rows = [
        Row(
            (
                Cell(name_of_check(check.kind)),
                Cell(label("statistics.holds"))
                if check.holds
                else Cell(label("statistics.broken"), Mark.FLAGGED),
                Cell(check.n_breaks),
                Cell(cny(check.amount_cents)),
            )
        )
        for check in statistics.checks
    ]
    table = Table(
        label("statistics_table.checks"),
        (
            _column("check", is_long_text=True),
            _column("result"),
            _column("n_breaks", ColumnKind.INTEGER),
            _yuan("at_stake"),
        ),
        tuple(rows),
    )
    return Section(
        "checks",
        label("statistics_table.checks"),
        label("statistics_sheet.checks").zh,
        (Paragraph(label("statistics.checks_text")), table),
    )


def breaks_section(statistics: QuarterStatistics, file_of_all: str) -> Section:
    """Every loan behind a break, the largest amount first."""
    breaks, title = statistics.breaks, label("statistics_table.breaks")
    blocks: list[Paragraph | Table] = [Paragraph(label("statistics.breaks_text"))]
    if breaks:
        caption = None
        if len(breaks) > SHOWN_BREAKS:
            caption = label(
                "statistics.breaks_cut", n=f"{len(breaks):,}", shown=f"{SHOWN_BREAKS:,}", file=file_of_all
            )
        blocks.append(_break_table(title, breaks[:SHOWN_BREAKS], caption))
    else:
        blocks = [Paragraph(label("statistics.no_breaks"))]
    return Section("breaks", title, label("statistics_sheet.breaks").zh, tuple(blocks))


def differences_section(before: int, found: VersionDifferences, names: Names) -> Section:
    """What changed since the version before."""
    amounts = [item for item in found.figures if _is_amount(item)]
    numbers = [item for item in found.figures if not _is_amount(item) and _shows(item)]
    blocks: list[Paragraph | Table] = []
    if amounts:
        blocks.append(
            _difference_table(label("statistics_table.difference_amounts"), amounts, names, ColumnKind.NUMBER)
        )
    if numbers:
        blocks.append(_number_table(numbers, names))
    for key, breaks in (
        ("statistics_table.breaks_gone", found.breaks_gone),
        ("statistics_table.breaks_new", found.breaks_new),
    ):
        if breaks:
            blocks.append(_break_table(label(key), breaks[:SHOWN_BREAKS], None))
    text = (
        label("statistics.differences_text", before=str(before))
        if blocks
        else label("statistics.no_differences")
    )
    return Section(
        "differences",
        label("statistics_table.differences"),
        label("statistics_sheet.differences").zh,
        (Paragraph(text), *blocks),
    )


def name_of_figure(figure: str) -> Bilingual:
    """The name of a field of a line."""
    field, _, quality = figure.partition(".")
    if field == "class_cents":
        return label(f"statistics_class.{quality or 'none'}")
    return label(f"statistics_figure.{figure}")


def _difference_table(
    title: Bilingual, items: Iterable[FigureDifference], names: Names, kind: ColumnKind
) -> Table:
    rows = [
        Row(
            (
                *_line_cells(item, names),
                *(Cell(cny(round(value or 0))) for value in (item.before, item.after, item.difference)),
            )
        )
        for item in items
    ]
    columns = tuple(
        Column(label(f"statistics_column.{key}"), kind, "元", 2) for key in ("before", "after", "change")
    )
    return Table(title, (*_line_columns(), *columns), tuple(rows))


def _number_table(items: Iterable[FigureDifference], names: Names) -> Table:
    rows = [
        Row((*_line_cells(item, names), Cell(item.before), Cell(item.after), Cell(item.difference)))
        for item in items
    ]
    columns = tuple(
        Column(label(f"statistics_column.{key}"), ColumnKind.NUMBER, decimals=_RATE_DECIMALS)
        for key in ("before", "after", "change")
    )
    return Table(
        label("statistics_table.difference_numbers"),
        (*_line_columns(), *columns),
        tuple(rows),
        label("statistics.small_rates"),
    )


def _line_columns() -> tuple[Column, ...]:
    return (_column("grouping"), _column("line"), _column("figure"))


def _line_cells(item: FigureDifference, names: Names) -> tuple[Cell, ...]:
    line = " · ".join(name.zh for name in names.of_keys(item.grouping, item.keys))
    return (
        Cell(label(f"statistics_grouping.{item.grouping.value}").zh),
        Cell(line),
        Cell(name_of_figure(item.figure).zh),
    )


def _shows(item: FigureDifference) -> bool:
    """Whether a change of a rate is large enough to show in the digits of its column."""
    return item.before is None or item.after is None or round(item.difference, _RATE_DECIMALS) != 0


def _is_amount(item: FigureDifference) -> bool:
    return "cents" in item.figure


def _break_table(title: Bilingual, breaks: Sequence[Break], caption: Bilingual | None) -> Table:
    rows = [
        Row(
            (
                Cell(name_of_check(found.kind).zh),
                Cell(found.loan_id or None),
                Cell(found.about),
                Cell(cny(found.amount_cents)),
                *(
                    Cell(None if found.kind is CheckKind.PARTS_EQUAL_TOTAL else cny(_amount(found, name)))
                    for name in _BREAK_AMOUNTS
                ),
            )
        )
        for found in breaks
    ]
    columns = (
        _column("check"),
        _column("loan"),
        _column("about"),
        _yuan("difference"),
        *(_yuan(name) for name in _BREAK_AMOUNTS),
    )
    return Table(title, columns, tuple(rows), caption)


def _amount(found: Break, name: str) -> int:
    cents: int = getattr(found, f"{name}_cents")
    return cents


def _yuan(key: str) -> Column:
    return Column(label(f"statistics_column.{key}"), ColumnKind.NUMBER, "元", 2)


def _column(key: str, kind: ColumnKind = ColumnKind.TEXT, *, is_long_text: bool = False) -> Column:
    return Column(label(f"statistics_column.{key}"), kind, is_long_text=is_long_text)
