"""From a grid of the fund to its document and its files."""

from pathlib import Path

from flows.fund_scenarios.grid import FundGrid
from flows.reports.document import (
    Block,
    ColumnKind,
    Document,
    KeyFigure,
    KeyFigures,
    Paragraph,
    Section,
)
from flows.reports.figures import in_count, in_percent, in_unit
from flows.reports.fund_grid_report.figures import GridFigures, median_rate, quantile
from flows.reports.fund_grid_report.panels import cash_panels, rate_panels
from flows.reports.fund_grid_report.tables import class_table, comparison_table, setting_table
from flows.reports.fund_grid_report.wording import WORDS, recipient_name
from flows.reports.labels import label
from flows.reports.report_files import file_stem, write_page_and_workbook
from flows.reports.scenario_tables import facts_of, matrix, refused_findings, shared_findings, source_table

_POINTS = 100.0


def build_fund_grid_document(grid: FundGrid) -> Document:
    """The document; the same grid gives the same document."""
    figures = GridFigures.of(grid)
    manifest = figures.outcomes(figures.variants[0])[0].manifest
    return Document(
        label("fund_grid.title"),
        label("fund_grid.subtitle"),
        grid.snapshot.as_of,
        facts_of(grid.institution_id, grid.snapshot, manifest),
        (),
        (
            WORDS.chapter("summary", *_summary(figures)),
            _matrices(figures),
            WORDS.chapter("panels", rate_panels(figures), cash_panels(figures)),
            WORDS.chapter("comparison", comparison_table(figures), class_table(figures)),
            WORDS.chapter(
                "worlds",
                source_table(WORDS, [world.market for world in grid.worlds]),
                setting_table(figures),
            ),
        ),
        notice=label("fund_grid.notice"),
    )


def write_fund_grid(grid: FundGrid, out_dir: Path, name: str) -> tuple[Path, ...]:
    """Write fund-grid-<name>.html and .xlsx into a folder, which is made if need be; both or none.

    Args:
        grid: what was found.
        out_dir: the folder.
        name: of the question, so that another one has files of its own.

    Raises:
        OSError: if the folder cannot be written or the disk is full.
    """
    stem = file_stem("fund-grid", name)
    return write_page_and_workbook(build_fund_grid_document(grid), out_dir, stem)


def _summary(figures: GridFigures) -> list[Block]:
    grid = figures.grid
    seen = recipient_name(figures.variants[0].terms, grid.seen_by)
    words = WORDS.text(
        "summary",
        variants=str(len(figures.variants)),
        worlds=str(len(figures.world_names)),
        paths=f"{grid.n_paths:,}",
        seed=str(grid.seed),
        seen=seen.zh,
        seen_en=seen.en or seen.zh,
    )
    refusals = (
        (f"{variant.terms.name} · {variant.setting.name}", variant.refusal) for variant in grid.variants
    )
    cautions = [
        (name, figures.outcomes(variant)[0].cautions)
        for name, variant in zip(figures.variant_names, figures.variants, strict=True)
    ]
    return [
        Paragraph(words),
        KeyFigures(tuple(_key_figures(figures))),
        *refused_findings(WORDS.text("refused"), refusals),
        *shared_findings("fund_grid_title.cautions", cautions),
    ]


def _key_figures(figures: GridFigures) -> list[KeyFigure]:
    """Best variant as it is, hardest world, widest gap between variants."""
    rates = figures.of_seen(median_rate)
    found = [KeyFigure(label("fund_grid_figure.cells"), in_count(sum(len(row) for row in rates)))]
    known = [(rate, i) for i, row in enumerate(rates) if (rate := row[0]) is not None]
    if known:
        best, at = max(known, key=lambda pair: pair[0])
        found.append(KeyFigure(label("fund_grid_figure.best"), in_percent(best), figures.variant_names[at]))
    falls = [
        (rate - base, i, k)
        for i, row in enumerate(rates)
        for k, rate in enumerate(row)
        if k > 0 and rate is not None and (base := row[0]) is not None
    ]
    if falls:
        fall, at, world = min(falls)
        found.append(
            KeyFigure(
                label("fund_grid_figure.hardest"),
                in_unit(_POINTS * fall, "百分点", 1, is_change=True),
                label(
                    "fund_grid_figure.hardest_detail",
                    world=figures.world_names[world].zh,
                    variant=figures.variant_names[at].zh,
                ),
            )
        )
    gaps = [
        (max(column) - min(column), k)
        for k in range(len(figures.world_names))
        if len(column := [rate for row in rates if (rate := row[k]) is not None]) > 1
    ]
    if gaps:
        gap, world = max(gaps)
        found.append(
            KeyFigure(
                label("fund_grid_figure.spread"),
                in_unit(_POINTS * gap, "百分点", 1),
                label("fund_grid_figure.spread_detail", world=figures.world_names[world].zh),
            )
        )
    return found


def _matrices(figures: GridFigures) -> Section:
    names = figures.world_names, figures.variant_names
    return WORDS.chapter(
        "matrices",
        Paragraph(WORDS.text("matrices")),
        matrix(WORDS, "irr", *names, figures.of_seen(median_rate), kind=ColumnKind.PERCENT),
        matrix(
            WORDS,
            "loss",
            *names,
            figures.of_seen(lambda each: None if each.tvpi is None else each.probability_of_loss),
            kind=ColumnKind.PERCENT,
        ),
        matrix(
            WORDS,
            "tvpi",
            *names,
            figures.of_seen(lambda each: quantile(each.tvpi, 0.5)),
            kind=ColumnKind.NUMBER,
        ),
        matrix(
            WORDS,
            "line",
            *names,
            figures.of_outcome(lambda outcome: outcome.peak_line_cny.quantile(0.95)),
            kind=ColumnKind.WAN,
        ),
    )
