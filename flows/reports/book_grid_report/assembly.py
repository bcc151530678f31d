"""From a grid of the loan book to its document and its files."""

from pathlib import Path

from flows.book_scenarios.grid import BookGrid
from flows.reports.book_grid_report.figures import WORDS, GridFigures, setting_name
from flows.reports.book_grid_report.tables import comparison_table, loss_panels, setting_table
from flows.reports.document import (
    Block,
    ColumnKind,
    Document,
    KeyFigure,
    KeyFigures,
    Paragraph,
    Section,
)
from flows.reports.figures import in_count, in_wan
from flows.reports.labels import label
from flows.reports.report_files import file_stem, write_page_and_workbook
from flows.reports.scenario_tables import facts_of, matrix, refused_findings, shared_findings, source_table


def build_book_grid_document(grid: BookGrid) -> Document:
    """The document; the same grid gives the same document."""
    figures = GridFigures.of(grid)
    first = figures.variants[0].stress
    assert first is not None  # noqa: S101  # only answered variants are among the figures; tells mypy
    return Document(
        label("book_grid.title"),
        label("book_grid.subtitle"),
        grid.snapshot.as_of,
        facts_of(grid.institution_id, grid.snapshot, first.manifest),
        (),
        (
            WORDS.chapter("summary", *_summary(figures)),
            _matrices(figures),
            WORDS.chapter("panels", loss_panels(figures)),
            WORDS.chapter("comparison", comparison_table(figures)),
            WORDS.chapter("worlds", source_table(WORDS, grid.worlds), setting_table(figures)),
        ),
        notice=label("book_grid.notice"),
    )


def write_book_grid(grid: BookGrid, out_dir: Path, name: str) -> tuple[Path, ...]:
    """Write book-grid-<name>.html and .xlsx into a folder, which is made if need be; both or none.

    Args:
        grid: what was found.
        out_dir: the folder.
        name: of the question, so that another one has files of its own.

    Raises:
        OSError: if the folder cannot be written or the disk is full.
    """
    stem = file_stem("book-grid", name)
    return write_page_and_workbook(build_book_grid_document(grid), out_dir, stem)


def _summary(figures: GridFigures) -> list[Block]:
    grid = figures.grid
    words = WORDS.text(
        "summary",
        variants=str(len(figures.variants)),
        worlds=str(len(figures.world_names)),
        paths=f"{grid.n_paths:,}",
        seed=str(grid.seed),
    )
    refusals = ((setting_name(variant.setting).zh, variant.refusal) for variant in grid.variants)
    cautions = [
        (name, () if variant.stress is None else variant.stress.cautions)
        for name, variant in zip(figures.variant_names, figures.variants, strict=True)
    ]
    return [
        Paragraph(words),
        KeyFigures(tuple(_key_figures(figures))),
        *refused_findings(label("book_grid_title.cautions"), refusals),
        *shared_findings("book_grid_title.cautions", cautions),
    ]


def _key_figures(figures: GridFigures) -> list[KeyFigure]:
    """The first part as it is, and the world in which its expected loss is highest."""
    first, name = figures.variants[0], figures.variant_names[0]
    base = first.worlds[0]
    found = [
        KeyFigure(label("book_grid_figure.base"), in_wan(base.expected_loss_cny), name),
        KeyFigure(label("book_grid_figure.base_tail"), in_wan(base.value_at_risk_cny), name),
    ]
    worst = max(range(len(first.worlds)), key=lambda i: first.worlds[i].expected_loss_cny)
    if worst > 0 and base.expected_loss_cny > 0.0:
        loss = first.worlds[worst].expected_loss_cny
        found.append(
            KeyFigure(
                label("book_grid_figure.hardest"),
                in_wan(loss),
                label(
                    "book_grid_figure.hardest_detail",
                    world=figures.world_names[worst].zh,
                    variant=name.zh,
                    times=f"{loss / base.expected_loss_cny:.2f}",
                ),
            )
        )
    cells = sum(len(variant.worlds) for variant in figures.variants)
    return [*found, KeyFigure(label("book_grid_figure.cells"), in_count(cells))]


def _matrices(figures: GridFigures) -> Section:
    names = figures.world_names, figures.variant_names
    shares: list[list[float | None]] = [
        [figures.share(variant, world.expected_loss_cny) for world in variant.worlds]
        for variant in figures.variants
    ]
    return WORDS.chapter(
        "matrices",
        Paragraph(WORDS.text("matrices")),
        matrix(
            WORDS,
            "loss",
            *names,
            figures.of_world(lambda world: world.expected_loss_cny),
            kind=ColumnKind.WAN,
        ),
        matrix(WORDS, "loss_share", *names, shares, kind=ColumnKind.PERCENT, decimals=2),
        matrix(
            WORDS,
            "tail",
            *names,
            figures.of_world(lambda world: world.value_at_risk_cny),
            kind=ColumnKind.WAN,
        ),
        matrix(
            WORDS, "npl", *names, figures.of_world(lambda world: world.npl_ratio), kind=ColumnKind.PERCENT
        ),
    )
