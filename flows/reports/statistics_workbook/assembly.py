"""The workbook's document: cover, main table, every grouping, quality, checks, differences, basis of preparation."""

import datetime as dt
from dataclasses import dataclass, replace

from flows.reports.bilingual import Bilingual
from flows.reports.document import (
    Cell,
    Column,
    ColumnKind,
    Document,
    Fact,
    Mark,
    Paragraph,
    Row,
    Section,
    Table,
)
from flows.reports.labels import label
from flows.reports.statistics_workbook.layout import QUALITY, Layout
from flows.reports.statistics_workbook.names import Names
from flows.reports.statistics_workbook.tables import gep_vep_table, grouping_table, main_table
from flows.reports.statistics_workbook.validations import (
    breaks_section,
    checks_section,
    differences_section,
)
from services.loans.statistics.differences import differences_between
from services.loans.statistics.result import Grouping, QuarterStatistics, VersionFacts
from services.loans.statistics.taxonomy import Standard, Taxonomy
from services.runtime.china_time import CHINA

_GROUPINGS = tuple(grouping for grouping in Grouping if grouping is not Grouping.TOTAL)
_QUALITY = (Grouping.CURRENT_STANDARD, Grouping.COUNTY, Grouping.PRODUCT)


@dataclass(frozen=True, slots=True)
class StatisticsEdition:
    """What a workbook shows; equal editions give equal bytes.

    Attributes:
        institution_id: whose statistics.
        statistics: the figures.
        content_hash: of the figures.
        version: facts of the closed version; None for an open quarter.
        before: figures of the version before; None for the first and for an open quarter.
        known_at: moment that an open quarter was asked for, as text; empty for now.
        file_of_breaks: name of the table of all breaks.
    """

    institution_id: str
    statistics: QuarterStatistics
    content_hash: str
    version: VersionFacts | None
    before: QuarterStatistics | None
    known_at: str
    file_of_breaks: str


def build_statistics_document(edition: StatisticsEdition, taxonomy: Taxonomy, layout: Layout) -> Document:
    """The document; the same edition and tables give the same document."""
    statistics, names = edition.statistics, Names(taxonomy, layout)
    quarter, version = statistics.quarter, edition.version
    subtitle = (
        label("statistics.subtitle_open")
        if version is None
        else label("statistics.subtitle_closed", version=str(version.version))
    )
    sections = [
        _section("main", main_table(statistics, names)),
        *(
            _section(g.value, grouping_table(statistics, g, names, title=_title(g, taxonomy)))
            for g in _GROUPINGS
        ),
        _section("gep_vep", gep_vep_table(statistics, names)),
        _quality_section(statistics, names),
        checks_section(statistics),
        breaks_section(statistics, edition.file_of_breaks),
    ]
    if edition.before is not None and version is not None:
        found = differences_between(edition.before, statistics)
        sections.append(differences_section(version.version - 1, found, names))
    title = label("statistics.title", quarter=quarter.name_zh, period=str(quarter))
    all_sections = (*sections, _basis_section(taxonomy, statistics, names))
    if statistics.n_synthetic > 0:
        title = _synthetic(title)
        all_sections = tuple(replace(section, title=_synthetic(section.title)) for section in all_sections)
    return Document(
        title,
        subtitle,
        quarter.closing_day,
        _facts(edition, taxonomy, layout),
        tuple(
            Bilingual(f"{standard.name_zh}：{standard.source}")
            for standard in (taxonomy.historical, taxonomy.current)
        ),
        all_sections,
    )


def _synthetic(title: Bilingual) -> Bilingual:
    """A title that says on its page that the book is made up."""
    mark = label("statistics.synthetic")
    return Bilingual(f"【{mark.zh}】{title.zh}", f"[{mark.en}] {title.en}")


def _title(grouping: Grouping, taxonomy: Taxonomy) -> Bilingual:
    standard = {
        Grouping.HISTORICAL_STANDARD: taxonomy.historical,
        Grouping.CURRENT_STANDARD: taxonomy.current,
    }.get(grouping)
    key = f"statistics_table.{grouping.value}"
    if standard is None:
        return label(key)
    return Bilingual(label(key, standard=standard.name_zh).zh, label(key, standard=standard.name_en).en)


def _section(key: str, table: Table) -> Section:
    return Section(key, table.title, label(f"statistics_sheet.{key}").zh, (table,))


def _quality_section(statistics: QuarterStatistics, names: Names) -> Section:
    tables = [
        grouping_table(
            statistics,
            grouping,
            names,
            title=label(f"statistics_table.quality_{grouping.value}"),
            layout_table=QUALITY,
        )
        for grouping in _QUALITY
    ]
    # Whose classes these are must stand beside them: a reader takes them for the rule's otherwise.
    whose = Paragraph(label("statistics.quality_text"))
    return Section("quality", tables[0].title, label("statistics_sheet.quality").zh, (whose, *tables))


def _facts(edition: StatisticsEdition, taxonomy: Taxonomy, layout: Layout) -> tuple[Fact, ...]:
    statistics, version = edition.statistics, edition.version
    status = label("statistics.status_open").inline()
    if version is not None:
        status = label("statistics.subtitle_closed", version=str(version.version)).inline()
    facts = [
        Fact(label("cover.institution"), edition.institution_id),
        Fact(label("statistics.period"), f"{statistics.quarter.name_zh}（{statistics.quarter}）"),
        Fact(label("statistics.status"), status),
    ]
    if version is not None:
        facts.append(Fact(label("statistics.recorded_at"), _in_china(version.recorded_at)))
        if version.accepted_breaks_reason:
            facts.append(Fact(label("statistics.accepted_breaks"), version.accepted_breaks_reason))
    elif edition.known_at:
        facts.append(Fact(label("statistics.known_at"), edition.known_at))
    kept = label("statistics.loans", n=f"{statistics.n_kept:,}").inline()
    unknown = label("statistics.loans", n=f"{statistics.n_without_approval_day:,}").inline()
    return (
        *facts,
        Fact(label("statistics.checks"), checks_in_words(statistics).inline()),
        Fact(
            label("statistics.mapping"),
            Bilingual(taxonomy.mapping_status_zh, taxonomy.mapping_status_en).inline(),
        ),
        *(
            [Fact(label("statistics.synthetic_loans"), f"{statistics.n_synthetic:,}")]
            if statistics.n_synthetic
            else []
        ),
        Fact(label("statistics.kept"), kept),
        Fact(label("statistics.without_approval"), unknown),
        Fact(label("statistics.content_hash"), edition.content_hash),
        Fact(label("statistics.input_hash"), statistics.input_hash),
        Fact(label("statistics.taxonomy_hash"), statistics.taxonomy_hash),
        Fact(label("statistics.layout_hash"), layout.content_hash),
        Fact(label("statistics.preparer"), ""),
        Fact(label("statistics.reviewer"), ""),
        Fact(label("statistics.officer"), ""),
        Fact(label("statistics.signed_on"), ""),
    )


def _in_china(moment: dt.datetime) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M:%S}（北京时间 UTC+8）"


def checks_in_words(statistics: QuarterStatistics) -> Bilingual:
    """Whether every check holds, in one sentence."""
    n, broken = len(statistics.checks), sum(not check.holds for check in statistics.checks)
    if not broken:
        return label("statistics.checks_hold", n=str(n))
    return label(
        "statistics.checks_broken", n=str(n), broken=str(broken), breaks=f"{len(statistics.breaks):,}"
    )


def _basis_section(taxonomy: Taxonomy, statistics: QuarterStatistics, names: Names) -> Section:
    return Section(
        "basis",
        label("statistics_table.basis"),
        label("statistics_sheet.basis").zh,
        (
            Paragraph(label("statistics.basis_text")),
            _standards_table((taxonomy.historical, taxonomy.current)),
            _purposes_table(taxonomy, statistics, names),
        ),
    )


def _standards_table(standards: tuple[Standard, ...]) -> Table:
    columns = (
        _column("standard"),
        _column("published_on", ColumnKind.DATE),
        _column("in_force_from", ColumnKind.DATE),
        _column("source", is_long_text=True),
        _column("to_confirm", is_long_text=True),
    )
    rows = [
        Row(
            (
                Cell(Bilingual(standard.name_zh, standard.name_en)),
                Cell(standard.published_on),
                Cell(standard.in_force_from),
                Cell(standard.source),
                Cell(standard.status, Mark.FLAGGED),
            )
        )
        for standard in standards
    ]
    return Table(label("statistics_table.standards"), columns, tuple(rows))


def _purposes_table(taxonomy: Taxonomy, statistics: QuarterStatistics, names: Names) -> Table:
    columns = tuple(
        _column(key)
        for key in ("purpose", "purpose_name", "historical_head", "current_head", "carbon_benefit")
    )
    mark = Mark.PLAIN if taxonomy.mapping_is_confirmed else Mark.ASSUMPTION
    rows = []
    for row in taxonomy.purposes_on(statistics.quarter.closing_day).values():
        heads = [
            names.of_key(grouping, row.heads.get(standard.code, "outside")).zh
            for grouping, standard in (
                (Grouping.HISTORICAL_STANDARD, taxonomy.historical),
                (Grouping.CURRENT_STANDARD, taxonomy.current),
            )
        ]
        benefit = names.of_key(Grouping.CARBON_BENEFIT, row.carbon_benefit.value).zh
        rows.append(
            Row(
                (
                    Cell(row.code),
                    Cell(Bilingual(row.name_zh, row.name_en)),
                    *(Cell(head, mark) for head in heads),
                    Cell(benefit, mark),
                )
            )
        )
    caption = Bilingual(taxonomy.mapping_status_zh, taxonomy.mapping_status_en)
    return Table(label("statistics_table.purposes"), columns, tuple(rows), caption)


def _column(key: str, kind: ColumnKind = ColumnKind.TEXT, *, is_long_text: bool = False) -> Column:
    return Column(label(f"statistics_column.{key}"), kind, is_long_text=is_long_text)
