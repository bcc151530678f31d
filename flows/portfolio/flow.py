"""The review of a book as a Prefect flow, for a schedule: a task for every question, tried again where it may help.

Importing this module imports Prefect; call `flows.prefect_environment.prepare_prefect` before.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from flows.portfolio.book_review import BookReview
from flows.portfolio.request import DEFAULT_PATHS, DEFAULT_QUARTERS, ReviewRequest
from flows.portfolio.review_book import BookClients, review_book
from flows.reports.portfolio_report import write_review
from flows.reports.report_files import ReportFiles
from flows.service_tasks import service_task
from services.loans.book_terms.given import read_given_terms
from services.runtime.channel import open_channel_from
from services.runtime.settings import load_settings
from services.valuation.client import ValuationClient

ARTIFACT_KEY = "portfolio-review"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ReviewSummary:
    """What the flow hands over: small, and enough to find the rest."""

    replay_id: str
    n_loans: int
    expected_loss_cny: float | None
    files: dict[str, str]


@flow(name="portfolio-review", validate_parameters=False, persist_result=False)
def portfolio_review(
    target: str,
    out_dir: str,
    *,
    institution_id: str,
    as_of: dt.date | str | None = None,
    snapshot_id: str = "",
    n_quarters: int = DEFAULT_QUARTERS,
    n_paths: int = DEFAULT_PATHS,
    default_curves_file: str = "",
    funds_file: str = "",
    without_book_terms: bool = False,
) -> ReviewSummary:
    """Review the stored book and write the report; started twice, it writes the same files.

    Args:
        target: `host:port` of the services.
        out_dir: folder that receives the report.
        institution_id: whose book.
        as_of: day of the book; the snapshot's unless given.
        snapshot_id: market snapshot; the standard one unless given.
        n_quarters: horizon.
        n_paths: paths of the simulation.
        default_curves_file: curves of default in place of those of the book; "" for those.
        funds_file: compensation funds in place of those of the book; "" for those.
        without_book_terms: leave out the curves and funds that the book keeps.

    Raises:
        InvalidInput: a wrong parameter, or a factor that the snapshot does not have.
        Unavailable: a service stays away through the retries.
    """
    terms = read_given_terms(
        _path(default_curves_file), _path(funds_file), without_book_terms=without_book_terms
    )
    with open_channel_from(load_settings(institution_id=institution_id), target) as channel:
        valuation = ValuationClient(channel)
        snapshot = as_task("get market", lambda: valuation.get_market_snapshot(snapshot_id))
        day = dt.date.fromisoformat(as_of) if isinstance(as_of, str) else as_of or snapshot.as_of
        request = ReviewRequest(institution_id, day, n_quarters, n_paths, terms=terms)
        review = review_book(BookClients.on(channel), request, snapshot, as_task)
    written = as_task("write report", lambda: write_review(review, Path(out_dir)))
    summary = summarise(review, written)
    create_markdown_artifact(
        markdown=markdown(review, summary), key=ARTIFACT_KEY, description="Review of the loan book"
    )
    return summary


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def as_task(name: str, step: Callable[[], T], /) -> T:
    """Run a step as a task that is tried again where the service was not there."""
    return service_task(name, step)()


def summarise(review: BookReview, written: ReportFiles) -> ReviewSummary:
    """A review in short."""
    figures = review.figures
    return ReviewSummary(
        review.replay_id(),
        len(review.loans),
        None if figures is None else figures.loss.expected_loss_cny,
        {"html": str(written.html), "pdf": str(written.pdf), "xlsx": str(written.xlsx)},
    )


def markdown(review: BookReview, summary: ReviewSummary) -> str:
    """What Prefect's page shows of a run."""
    lines = [f"# 贷款组合报告 · Report on the loan book {review.request.as_of}", ""]
    if review.n_synthetic:
        lines += [f"**合成数据 · synthetic: {review.n_synthetic:,} / {summary.n_loans:,}**", ""]
    lines.append(f"- 贷款 loans: {summary.n_loans:,}")
    if summary.expected_loss_cny is not None:
        lines.append(f"- 预期损失 expected loss: {summary.expected_loss_cny / 1e4:,.2f} 万元")
    lines += [f"- 复算编号 replay id: `{summary.replay_id}`", ""]
    return "\n".join([*lines, *(f"- `{path}`" for path in summary.files.values())])
