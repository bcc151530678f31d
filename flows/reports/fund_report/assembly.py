"""From a review of a fund to its document."""

from flows.fund_review.fund_review import FundReview
from flows.reports.document import Document, Fact
from flows.reports.fund_report.assumptions import assumptions_section
from flows.reports.fund_report.choice import choice_section
from flows.reports.fund_report.grassroots import grassroots_section
from flows.reports.fund_report.pace import pace_section
from flows.reports.fund_report.partners import cash_section, partners_section
from flows.reports.fund_report.pipeline import pipeline_section
from flows.reports.fund_report.record import record_section, warnings_section
from flows.reports.fund_report.summary import summary_section
from flows.reports.fund_report.terms import terms_section
from flows.reports.fund_report.worlds import worlds_section
from flows.reports.fund_tables.wording import assumption_words
from flows.reports.labels import label


def build_fund_document(review: FundReview) -> Document:
    """The document; the same review gives the same document."""
    snapshot, manifest = review.asked.simulation.snapshot, review.outcome.manifest
    facts = (
        Fact(label("cover.institution"), review.institution_id),
        Fact(label("fund_row.replay_id"), manifest.input_hash[:16]),
        Fact(label("cover.snapshot"), snapshot.snapshot_id),
        Fact(label("cover.snapshot_date"), snapshot.as_of.isoformat()),
        Fact(label("cover.seed"), str(manifest.seed)),
        Fact(label("fund_row.paths"), f"{manifest.n_paths:,}"),
    )
    return Document(
        label("fund.title", name=review.terms.name),
        label("fund.subtitle"),
        snapshot.as_of,
        facts,
        tuple(assumption_words(line) for line in review.asked.published),
        (
            summary_section(review),
            pipeline_section(review),
            terms_section(review),
            partners_section(review),
            cash_section(review),
            worlds_section(review),
            choice_section(review),
            pace_section(review),
            grassroots_section(review),
            assumptions_section(review),
            warnings_section(review),
            record_section(review),
        ),
    )
