"""Sections: every warning and assumption; and what it takes to compute the report again, with room to sign."""

from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.reports.appraisal_report.blocks import chapter, heading
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import findings_of, parameter_words, valuation_assumption
from flows.reports.document import Block, Cell, ColumnKind, Mark, Paragraph, Row, Section, Table
from flows.reports.labels import label
from services.runtime.market import QuotedDerivedFactor, QuotedFactor


def warnings_section(appraisal: PledgeAppraisal) -> Section:
    """Warnings, assumptions, and the factors in use with their sources."""
    valuation = appraisal.valuation
    found = findings_of(
        "appraisal_title.cautions", [(caution.field, caution) for caution in appraisal.cautions]
    )
    blocks: list[Block] = list(found) or [Paragraph(label("appraisal_text.warnings"))]
    if valuation.assumptions:
        blocks.append(
            Table(
                label("appraisal_title.assumptions"),
                (heading("content", is_long_text=True),),
                tuple(
                    Row((Cell(valuation_assumption(text), Mark.ASSUMPTION),))
                    for text in valuation.assumptions
                ),
            )
        )
    factors = _factors(appraisal)
    if factors:
        blocks += [_factor_table(factors), _source_table(factors)]
    return chapter("warnings", *blocks)


def _factors(appraisal: PledgeAppraisal) -> list[QuotedFactor | QuotedDerivedFactor]:
    """Factors of the cash flows, and the drivers and prices behind derived ones, in the order of the snapshot."""
    snapshot = appraisal.snapshot
    used = {line.factor for line in appraisal.valuation.cash_flows}
    for derived in snapshot.derived_factors:
        if derived.name in used:
            used |= {name for name in (derived.driver, derived.price) if name is not None}
    every: list[QuotedFactor | QuotedDerivedFactor] = [*snapshot.primary_factors, *snapshot.derived_factors]
    return [factor for factor in every if factor.name in used]


def _factor_table(factors: list[QuotedFactor | QuotedDerivedFactor]) -> Table:
    rows = tuple(
        Row(
            (
                Cell(Bilingual(factor.label_zh, factor.label_en)),
                Cell(factor.level if isinstance(factor, QuotedFactor) else None),
                Cell(factor.unit),
                Cell(factor.volatility_annual if isinstance(factor, QuotedFactor) else None),
            )
        )
        for factor in factors
    )
    return Table(
        label("appraisal_title.factors"),
        (
            heading("factor"),
            heading("level", ColumnKind.NUMBER, decimals=4),
            heading("unit"),
            heading("volatility", ColumnKind.PERCENT),
        ),
        rows,
    )


def _source_table(factors: list[QuotedFactor | QuotedDerivedFactor]) -> Table:
    rows = tuple(
        Row(
            (
                Cell(factor.label_zh),
                Cell(parameter_words(source.parameter)),
                Cell(label(f"appraisal_evidence.{source.evidence}").zh),
                Cell(source.citation),
            )
        )
        for factor in factors
        for source in factor.sources
    )
    columns = (
        heading("factor"),
        heading("parameter"),
        heading("evidence"),
        heading("source", is_long_text=True),
    )
    return Table(label("appraisal_title.factor_sources"), columns, rows)


def replay_section(appraisal: PledgeAppraisal) -> Section:
    """The manifest, the command that replays, and lines for signatures."""
    valuation = appraisal.valuation
    manifest = valuation.manifest
    facts = {
        "valuation_id": valuation.valuation_id,
        "input_hash": manifest.input_hash,
        "snapshot": manifest.snapshot_id,
        "snapshot_hash": manifest.snapshot_hash,
        "catalogue_hash": manifest.catalogue_hash,
        "seed": str(manifest.seed),
        "paths": f"{manifest.n_paths:,}",
        "engine": manifest.engine_version,
    }
    return chapter(
        "replay",
        Paragraph(label("appraisal_text.replay", valuation_id=valuation.valuation_id)),
        Table(
            label("appraisal_title.manifest"),
            (heading("item"), heading("content", is_long_text=True)),
            tuple(Row((Cell(label(f"appraisal_manifest.{key}")), Cell(text))) for key, text in facts.items()),
        ),
        Paragraph(label("appraisal_text.signatures")),
    )
