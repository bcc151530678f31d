"""Section: the market snapshot with the source of each figure, the terms of the catalogue, and how to replay."""

from collections.abc import Iterable

from flows.main_job_result import MainJobResult
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import cell, column, parameter_words, valuation_assumption
from flows.reports.document import Cell, Column, ColumnKind, Mark, Paragraph, Row, Section, Table
from flows.reports.labels import label
from flows.reports.main_report.case_facts import valuation_of
from services.runtime.market import Evidence, MarketSnapshot, QuotedDerivedFactor, QuotedFactor, Source
from services.runtime.results import Manifest


def market_section(result: MainJobResult) -> Section:
    """What every figure rests on, and what it takes to compute it again."""
    return Section(
        "market",
        label("section.market"),
        label("sheet.market").zh,
        (
            Paragraph(label("text.market", snapshot=result.snapshot.snapshot_id)),
            _factor_table(result.snapshot),
            _curve_table(result.snapshot),
            *_correlation_table(result.snapshot),
            _source_table(result.snapshot),
            _catalogue_table(result),
            _manifest_table(result),
        ),
    )


def _is_assumed(sources: Iterable[Source], parameter: str) -> bool:
    """Whether a parameter is an assumption; one source may speak of several, parted by commas."""
    return any(
        parameter in {name.strip() for name in source.parameter.split(",")}
        and source.evidence is Evidence.ASSUMPTION
        for source in sources
    )


def _factor_table(snapshot: MarketSnapshot) -> Table:
    return Table(
        label("title.factors"),
        (
            column("factor_name"),
            column("code"),
            column("level", ColumnKind.NUMBER, decimals=4),
            column("unit"),
            column("growth", ColumnKind.PERCENT),
            column("mean_reversion", ColumnKind.NUMBER, unit="/年", decimals=3),
            column("volatility", ColumnKind.PERCENT),
        ),
        (
            *(_factor_row(factor) for factor in snapshot.primary_factors),
            *(
                Row(
                    (
                        Cell(
                            Bilingual(derived.label_zh, derived.label_en), note=label("detail.derived_factor")
                        ),
                        Cell(derived.name),
                        cell(snapshot.level(derived.name)),
                        Cell(derived.unit),
                        Cell(None),
                        Cell(None),
                        Cell(None),
                    )
                )
                for derived in snapshot.derived_factors
            ),
        ),
    )


def _factor_row(factor: QuotedFactor) -> Row:
    def parameter(name: str) -> Cell:
        return cell(getattr(factor, name), assumed=_is_assumed(factor.sources, name))

    return Row(
        (
            Cell(Bilingual(factor.label_zh, factor.label_en)),
            Cell(factor.name),
            parameter("level"),
            Cell(factor.unit),
            parameter("growth_annual"),
            parameter("mean_reversion_annual"),
            parameter("volatility_annual"),
        )
    )


def _curve_table(snapshot: MarketSnapshot) -> Table:
    return Table(
        label("title.curve"),
        (
            column("tenor", ColumnKind.NUMBER, unit="年"),
            column("rate", ColumnKind.PERCENT, decimals=2),
            *_source_columns(),
        ),
        tuple(
            Row(
                (
                    Cell(point.tenor_years),
                    cell(point.rate_annual, assumed=point.source.evidence is Evidence.ASSUMPTION),
                    *_source_cells(point.source),
                )
            )
            for point in snapshot.discount_curve
        ),
    )


def _correlation_table(snapshot: MarketSnapshot) -> tuple[Table, ...]:
    rows = tuple(
        Row(
            (
                Cell(pair.first),
                Cell(pair.second),
                cell(pair.value, assumed=pair.source.evidence is Evidence.ASSUMPTION),
                *_source_cells(pair.source),
            )
        )
        for pair in snapshot.correlations
    )
    columns = (
        column("first_factor"),
        column("second_factor"),
        column("correlation", ColumnKind.NUMBER),
        *_source_columns(),
    )
    return (Table(label("title.correlations"), columns, rows),) if rows else ()


def _source_table(snapshot: MarketSnapshot) -> Table:
    factors: tuple[QuotedFactor | QuotedDerivedFactor, ...] = (
        *snapshot.primary_factors,
        *snapshot.derived_factors,
    )
    return Table(
        label("title.factor_sources"),
        (column("factor_name"), column("parameter"), *_source_columns()),
        tuple(
            Row(
                (
                    Cell(Bilingual(factor.label_zh, factor.label_en)),
                    Cell(parameter_words(source.parameter)),
                    *_source_cells(source),
                )
            )
            for factor in factors
            for source in factor.sources
        ),
    )


def _source_columns() -> tuple[Column, ...]:
    return (column("evidence"), column("source_date", ColumnKind.DATE), column("citation", is_long_text=True))


def _source_cells(source: Source) -> tuple[Cell, ...]:
    mark = Mark.ASSUMPTION if source.evidence is Evidence.ASSUMPTION else Mark.PLAIN
    return (Cell(label(f"evidence.{source.evidence}"), mark), Cell(source.as_of), Cell(source.citation))


def _catalogue_table(result: MainJobResult) -> Table:
    """Terms of the catalogue that the valuations rest on, each once with the cases that use it."""
    users: dict[str, list[str]] = {}
    for appraisal in result.appraisals:
        valuation = valuation_of(appraisal)
        asset = appraisal.mapping.asset
        inputs = asset.assumed_fields if asset is not None else ()
        for assumption in valuation.assumptions if valuation is not None else ():
            if assumption in inputs:
                continue  # the table of missing inputs has it, with its value and reason
            users.setdefault(assumption, []).append(appraisal.case_id)
    return Table(
        label("title.catalogue_assumptions"),
        (column("assumption", is_long_text=True), column("used_by")),
        tuple(
            Row((Cell(valuation_assumption(text), Mark.ASSUMPTION), Cell("、".join(case_ids))))
            for text, case_ids in users.items()
        ),
    )


def _manifest_table(result: MainJobResult) -> Table:
    manifests = [
        (Bilingual(appraisal.case_id), valuation.valuation_id, valuation.manifest)
        for appraisal in result.appraisals
        if (valuation := valuation_of(appraisal)) is not None
    ]
    manifests += [
        (label("section.loan_book"), "", result.loan_book.loss.manifest),
        (label("section.fund"), "", result.fund.outcome.manifest),
    ]
    return Table(
        label("title.manifests"),
        (
            column("result"),
            column("replay_id"),
            column("input_hash"),
            column("snapshot_hash"),
            column("seed"),
            column("paths", ColumnKind.INTEGER),
            column("engine_version"),
        ),
        tuple(_manifest_row(name, identifier, manifest) for name, identifier, manifest in manifests),
        label("caption.manifests"),
    )


def _manifest_row(name: Bilingual, identifier: str, manifest: Manifest) -> Row:
    return Row(
        (
            Cell(name),
            Cell(identifier or None),
            Cell(manifest.input_hash[:16]),
            Cell(manifest.snapshot_hash[:16]),
            Cell(str(manifest.seed)),
            Cell(manifest.n_paths),
            Cell(manifest.engine_version),
        )
    )
