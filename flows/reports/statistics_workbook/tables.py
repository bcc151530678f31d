"""Tables of figures: the main table in the published layout, every grouping, quality, GEP(VEP) loans by county."""

from collections.abc import Iterable, Sequence

from flows.reports.bilingual import Bilingual
from flows.reports.document import Cell, Column, Mark, Row, Table
from flows.reports.labels import label
from flows.reports.statistics_workbook.figures import FIGURES, LineGroup, group_of
from flows.reports.statistics_workbook.layout import GEP_VEP, LINES, MAIN, LayoutColumn
from flows.reports.statistics_workbook.names import Names
from services.loans.statistics.result import UNMAPPED, Grouping, QuarterStatistics, StatisticsLine


def main_table(statistics: QuarterStatistics, names: Names) -> Table:
    """The rows of layout.csv, in its order; form codes where it has any."""
    layout = names.layout
    rows, columns = layout.rows_of(MAIN), layout.columns_of(MAIN)
    has_codes = any(row.form_code for row in rows)
    first = [_text_column("item"), *([_text_column("form_code")] if has_codes else [])]
    written = []
    for row in rows:
        lines = [line for line in statistics.lines(row.grouping) if row.takes(line.keys)]
        cells = [Cell(row.label), *([Cell(row.form_code)] if has_codes else [])]
        figures = _figures(columns, group_of(lines, statistics.total))
        written.append(Row((*cells, *figures), is_total=row.grouping is Grouping.TOTAL))
    return Table(
        label("statistics_table.main"),
        (*first, *_figure_columns(columns)),
        tuple(written),
        _mapping_caption(names),
    )


def grouping_table(
    statistics: QuarterStatistics,
    grouping: Grouping,
    names: Names,
    *,
    title: Bilingual,
    layout_table: str = LINES,
) -> Table:
    """Every line of a grouping and the total."""
    columns = names.layout.columns_of(layout_table)
    levels = 2 if grouping is Grouping.COUNTY_PRODUCT else 1
    heads = (
        [_text_column("county"), Column(label("statistics_grouping.product"))]
        if levels == 2
        else [Column(label(f"statistics_grouping.{grouping.value}"))]
    )
    lines = sorted(statistics.lines(grouping), key=lambda line: names.position(grouping, line.keys))
    rows = [
        Row(
            (
                *_key_cells(names, grouping, line),
                *_figures(columns, group_of([line], statistics.total)),
            )
        )
        for line in lines
    ]
    rests_on_mapping = grouping in {
        Grouping.HISTORICAL_STANDARD,
        Grouping.CURRENT_STANDARD,
        Grouping.CARBON_BENEFIT,
    }
    return Table(
        title,
        (*heads, *_figure_columns(columns)),
        (*rows, _total_row(statistics, columns, levels)),
        _mapping_caption(names) if rests_on_mapping else label("statistics.shared_borrowers"),
    )


def gep_vep_table(statistics: QuarterStatistics, names: Names) -> Table:
    """Number and volume of the products that layout.csv calls GEP or VEP loans, by county, then of all counties."""
    columns = names.layout.columns_of(GEP_VEP)
    of_county: dict[str, list[StatisticsLine]] = {}
    for line in statistics.lines(Grouping.COUNTY_PRODUCT):
        of_county.setdefault(line.keys[0], []).append(line)
    counties = sorted(of_county, key=lambda county: names.position(Grouping.COUNTY, (county,)))
    rows: list[Row] = []
    for county in counties:
        rows += _gep_vep_rows(statistics, names, names.of_key(Grouping.COUNTY, county), of_county[county])
    everywhere = [line for lines in of_county.values() for line in lines]
    totals = _gep_vep_rows(statistics, names, label("statistics.all_counties"), everywhere, is_total=True)
    return Table(
        label("statistics_table.gep_vep"),
        (_text_column("county"), Column(label("statistics_grouping.product")), *_figure_columns(columns)),
        (*rows, *totals),
    )


def _gep_vep_rows(
    statistics: QuarterStatistics,
    names: Names,
    county: Bilingual,
    lines: Sequence[StatisticsLine],
    *,
    is_total: bool = False,
) -> list[Row]:
    """A row for each kind of loan that the county has; the total has all kinds."""
    columns, found = names.layout.columns_of(GEP_VEP), []
    for row in names.layout.rows_of(GEP_VEP):
        chosen = [line for line in lines if row.takes(line.keys[1:])]
        if chosen or is_total:
            figures = _figures(columns, group_of(chosen, statistics.total))
            found.append(Row((Cell(county), Cell(row.label), *figures), is_total=is_total))
    return found


def _key_cells(names: Names, grouping: Grouping, line: StatisticsLine) -> Iterable[Cell]:
    for name, key in zip(names.of_keys(grouping, line.keys), line.keys, strict=True):
        is_unknown = key == UNMAPPED or (grouping is Grouping.PURPOSE and not names.knows_purpose(key))
        yield Cell(name, Mark.FLAGGED if is_unknown else Mark.PLAIN)


def _total_row(statistics: QuarterStatistics, columns: Sequence[LayoutColumn], levels: int) -> Row:
    empty = [Cell("")] * (levels - 1)
    figures = _figures(columns, group_of([statistics.total], statistics.total))
    return Row((Cell(label("statistics.total")), *empty, *figures), is_total=True)


def _figures(columns: Sequence[LayoutColumn], group: LineGroup) -> list[Cell]:
    return [Cell(FIGURES[column.figure].value(group)) for column in columns]


def _figure_columns(columns: Sequence[LayoutColumn]) -> list[Column]:
    found = []
    for column in columns:
        spec = FIGURES[column.figure]
        code = f"（{column.form_code}）" if column.form_code else ""
        heading = Bilingual(column.label.zh + code, column.label.en)
        found.append(Column(heading, spec.kind, spec.unit, spec.decimals))
    return found


def _mapping_caption(names: Names) -> Bilingual:
    return Bilingual(names.taxonomy.mapping_status_zh, names.taxonomy.mapping_status_en)


def _text_column(key: str) -> Column:
    return Column(label(f"statistics_column.{key}"))
