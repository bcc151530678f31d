"""From a review to its document."""

from flows.portfolio.book_review import BookReview
from flows.reports.bilingual import Bilingual
from flows.reports.document import Document, Fact, Paragraph, Section
from flows.reports.labels import label
from flows.reports.portfolio_report.blocks import chapter, text
from flows.reports.portfolio_report.book_facts import facts_of
from flows.reports.portfolio_report.calls import calls_section
from flows.reports.portfolio_report.capital import capital_section
from flows.reports.portfolio_report.contributions import contributions_section
from flows.reports.portfolio_report.expected_losses import expected_section
from flows.reports.portfolio_report.glance import glance_section
from flows.reports.portfolio_report.losses import losses_section
from flows.reports.portfolio_report.monitoring import monitoring_section
from flows.reports.portfolio_report.quality import classes_section, credit_loss_section
from flows.reports.portfolio_report.record import replay_section, warnings_section
from flows.reports.portfolio_report.stress import reverse_section, stress_section
from flows.reports.portfolio_report.summary import summary_section
from flows.reports.portfolio_report.wrong_way import wrong_way_section


def build_portfolio_document(review: BookReview) -> Document:
    """The document; the same review gives the same document."""
    request = review.request
    facts = (
        Fact(label("cover.institution"), request.institution_id),
        Fact(label("portfolio_fact.n_loans"), f"{len(review.loans):,}"),
        Fact(label("cover.snapshot"), review.snapshot.snapshot_id),
        Fact(label("cover.snapshot_date"), review.snapshot.as_of.isoformat()),
        Fact(
            label("portfolio_fact.horizon"),
            label(
                "portfolio_fact.horizon_value", quarters=str(request.n_quarters), paths=f"{request.n_paths:,}"
            ).zh,
        ),
        Fact(label("cover.seed"), str(request.seed)),
        Fact(label("portfolio_fact.replay_id"), review.replay_id()),
    )
    return Document(
        label("portfolio.title"),
        label("portfolio.subtitle"),
        request.as_of,
        facts,
        (),
        _sections(review),
        _notice(review),
    )


def _sections(review: BookReview) -> tuple[Section, ...]:
    if review.figures is None:
        return (chapter("summary", Paragraph(text("empty"))), replay_section(review))
    book = facts_of(review, review.figures)
    return (
        summary_section(book),
        expected_section(book),
        glance_section(book),
        losses_section(book),
        wrong_way_section(book),
        contributions_section(book),
        stress_section(book),
        reverse_section(book),
        credit_loss_section(book),
        classes_section(book),
        capital_section(book),
        monitoring_section(book),
        calls_section(book),
        warnings_section(book),
        replay_section(review),
    )


def _notice(review: BookReview) -> Bilingual | None:
    """Stands on every page as soon as one loan is synthetic."""
    if not review.n_synthetic:
        return None
    return label("portfolio.notice", synthetic=f"{review.n_synthetic:,}", loans=f"{len(review.loans):,}")
