"""What reports on grids of scenarios share: a matrix of worlds by variants, and what the worlds rest on."""

from collections.abc import Iterable, Sequence

from flows.reports.bilingual import Bilingual
from flows.reports.blocks import parameter_words
from flows.reports.document import Cell, Column, ColumnKind, Fact, Finding, Findings, Mark, Row, Table
from flows.reports.labels import label
from flows.reports.vocabulary import Vocabulary
from services.runtime.evidence import Evidence
from services.runtime.market import MarketSnapshot
from services.runtime.results import Caution, Manifest, Severity
from services.runtime.scenarios.scenario import Scenario


def world_name(scenario: Scenario | None) -> Bilingual:
    """Name of a world; None is the base."""
    return (
        label("scenario_grid.base") if scenario is None else Bilingual(scenario.label_zh, scenario.label_en)
    )


def matrix(
    words: Vocabulary,
    key: str,
    worlds: Sequence[Bilingual],
    variants: Sequence[Bilingual],
    figures: Sequence[Sequence[float | None]],
    *,
    kind: ColumnKind,
    decimals: int | None = None,
) -> Table:
    """A table with a row a world and a column a variant.

    Args:
        words: of the report.
        key: title of the table, label("<report>_title.<key>").
        worlds: names of the rows.
        variants: names of the columns.
        figures: of each variant by world; None where there is none.
        kind: of the figures.
        decimals: digits after the point, the usual number where absent.
    """
    columns = (words.heading("world"), *(Column(name, kind, decimals=decimals) for name in variants))
    rows = tuple(
        Row((Cell(world), *(Cell(of_variant[i]) for of_variant in figures))) for i, world in enumerate(worlds)
    )
    return Table(words.title(key), columns, rows)


def source_table(words: Vocabulary, scenarios: Iterable[Scenario]) -> Table:
    """Every parameter of every world with what it rests on; assumptions are marked."""
    rows = tuple(
        Row(
            (
                Cell(world_name(scenario)),
                Cell(parameter_words(source.parameter)),
                Cell(
                    label(f"evidence.{source.evidence}"),
                    Mark.ASSUMPTION if source.evidence is Evidence.ASSUMPTION else Mark.PLAIN,
                ),
                Cell(source.citation),
            )
        )
        for scenario in scenarios
        for source in scenario.sources
    )
    columns = (
        words.heading("world"),
        words.heading("parameter"),
        words.heading("evidence"),
        words.heading("citation", is_long_text=True),
    )
    return Table(words.title("worlds"), columns, rows, words.text("worlds"))


def refused_findings(title: Bilingual, refusals: Iterable[tuple[str, str]]) -> tuple[Findings, ...]:
    """Why variants were refused, (name, reason), as one block; nothing where every reason is empty."""
    found = tuple(Finding(Severity.WARNING, Bilingual(why), name) for name, why in refusals if why)
    return (Findings(title, found),) if found else ()


def shared_findings(
    title_key: str, variants: Sequence[tuple[Bilingual, Sequence[Caution]]]
) -> tuple[Findings, ...]:
    """Warnings of all variants as one block, each once with the variants it is about; nothing where there are none."""
    about: dict[Caution, list[str]] = {}
    for name, cautions in variants:
        for caution in cautions:
            about.setdefault(caution, []).append(name.zh)
    found = tuple(
        Finding(
            caution.severity,
            Bilingual(caution.message_zh, caution.message_en),
            "" if len(names) == len(variants) else "；".join(names),
        )
        for caution, names in about.items()
    )
    return (Findings(label(title_key), found),) if found else ()


def facts_of(institution_id: str, snapshot: MarketSnapshot, manifest: Manifest) -> tuple[Fact, ...]:
    """What it takes to compute a grid again."""
    values = (
        ("institution", institution_id),
        ("market", snapshot.snapshot_id),
        ("snapshot_hash", snapshot.content_hash()[:16]),
        ("paths", f"{manifest.n_paths:,}"),
        ("seed", str(manifest.seed)),
        ("engine", manifest.engine_version),
    )
    return tuple(Fact(label(f"scenario_grid.{key}"), value) for key, value in values)
