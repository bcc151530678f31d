"""Sections: every warning; what it takes to compute the report again, with room to sign."""

from flows.fund_review.fund_review import FundReview
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import findings_of
from flows.reports.document import Block, Cell, Paragraph, Row, Section, Table
from flows.reports.fund_tables.wording import chapter, heading, text, title
from flows.reports.labels import label
from services.runtime.results import Manifest


def warnings_section(review: FundReview) -> Section:
    """Warnings on the fund, on each world, on the choice."""
    found = [("", caution) for caution in review.outcome.cautions]
    of_worlds = [
        (each.scenario.market.label_zh, caution)
        for each in review.comparison.scenarios
        for caution in each.outcome.cautions
        if caution not in review.outcome.cautions
    ]
    blocks: list[Block] = [
        *findings_of("fund_title.cautions", found),
        *findings_of("fund_title.world_cautions", of_worlds),
    ]
    return chapter("warnings", *(blocks or [Paragraph(text("no_warnings"))]))


def record_section(review: FundReview) -> Section:
    """Manifests of the simulation, the choice and the benefit run, and lines for signatures."""
    runs = [("simulation", review.outcome.manifest)]
    runs += [(each.scenario.market.label_zh, each.outcome.manifest) for each in review.comparison.scenarios]
    runs.append(("choice", review.allocation.manifest))
    if review.benefit is not None and not review.benefit.are_own:
        runs.append(("benefit", review.benefit.outcome.manifest))
    n_paths = review.outcome.manifest.n_paths
    return chapter(
        "record",
        Paragraph(
            text("record", file=review.question, paths=str(n_paths), hash=review.outcome.manifest.input_hash)
        ),
        _hash_table(runs),
        _run_table(runs),
        Table(
            title("market"),
            (heading("rule"), heading("content", is_long_text=True)),
            (
                Row((Cell(label("fund_row.snapshot")), Cell(review.outcome.manifest.snapshot_id))),
                Row((Cell(label("fund_row.snapshot_hash")), Cell(review.outcome.manifest.snapshot_hash))),
            ),
        ),
        Paragraph(text("signatures")),
    )


def _hash_table(runs: list[tuple[str, Manifest]]) -> Table:
    return Table(
        title("manifests"),
        (heading("run"), heading("input_hash", is_long_text=True)),
        tuple(Row((Cell(_run_name(name)), Cell(manifest.input_hash))) for name, manifest in runs),
    )


def _run_table(runs: list[tuple[str, Manifest]]) -> Table:
    return Table(
        title("runs"),
        (heading("run"), heading("market"), heading("seed"), heading("n_paths"), heading("engine")),
        tuple(
            Row(
                (
                    Cell(_run_name(name)),
                    Cell(manifest.snapshot_hash[:16]),
                    Cell(str(manifest.seed)),
                    Cell(f"{manifest.n_paths:,}"),
                    Cell(manifest.engine_version),
                )
            )
            for name, manifest in runs
        ),
        text("runs"),
    )


def _run_name(name: str) -> Bilingual:
    """One of the three own runs, or the Chinese name of a world."""
    own = ("simulation", "choice", "benefit")
    return label(f"fund_row.run_{name}") if name in own else Bilingual(name)
