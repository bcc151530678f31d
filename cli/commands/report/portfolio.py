"""`ecopledge report portfolio`: the stored loan book for a bank's risk committee."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import services, target
from cli.examples import WithExamples
from cli.finite_numbers import FiniteRange
from cli.loan_quality import as_of_option, day_of, given_terms, market, snapshot_option, terms_options
from cli.output import json_option, number_of, percent, print_json, print_table, progress, wan

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from flows.portfolio.book_review import BookReview
    from flows.portfolio.review_book import RunStep
    from flows.reports.report_files import ReportFiles

    T = TypeVar("T")

DIFFERS = 1
_STEPS = 10


@click.command(
    "portfolio",
    cls=WithExamples,
    examples=(
        "ecopledge report portfolio --as-of 2026-09-30",
        "ecopledge report portfolio --quarters 12 --paths 50000 --max-expected-loss 100000000 --out out",
        "ecopledge report portfolio --funds examples/loans/compensation-funds.toml",
    ),
)
@as_of_option
@snapshot_option
@click.option(
    "--quarters",
    type=click.IntRange(1, 40),
    default=4,
    show_default=True,
    help="Horizon of losses and stress.",
)
@click.option(
    "--paths", type=click.IntRange(256, 1_000_000), default=20_000, show_default=True, help="Paths."
)
@click.option("--seed", type=click.IntRange(min=0), default=20_260_821, show_default=True, help="Seed.")
@click.option(
    "--max-expected-loss",
    type=FiniteRange(0.0, min_open=True),
    metavar="CNY",
    help="Limit of the reverse stress; twice the expected loss when absent.",
)
@click.option("--expect", metavar="ID", help="Replay id that the report must have; code 1 if it has another.")
@click.option(
    "--out",
    "out_dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out"),
    show_default=True,
    help="Folder for the report.",
)
@terms_options
@target
@json_option
def command(
    as_of: str | None,
    snapshot_file: Path | None,
    quarters: int,
    paths: int,
    seed: int,
    max_expected_loss: float | None,
    expect: str | None,
    out_dir: Path,
    curve_file: Path | None,
    fund_file: Path | None,
    target: str | None,
    *,
    without_book_terms: bool,
    as_json: bool,
) -> int:
    """贷款组合报告 · The stored book for the risk committee: page, PDF and workbook.

    Losses with their errors, wrong-way risk, who makes the tail, every scenario, the smallest move that breaks the
    limit, credit loss, five classes, capital, pledges and margin calls. Amounts are printed in 万元. Default curves and
    compensation funds are those that the book keeps (`ecopledge loans terms`), unless others are given.
    """
    from flows.portfolio.request import ReviewRequest
    from flows.portfolio.review_book import BookClients, review_book
    from flows.reports.portfolio_report import write_review
    from services.runtime.settings import load_settings

    snapshot = market(snapshot_file)
    request = ReviewRequest(
        load_settings().institution_id,
        day_of("--as-of", as_of) or snapshot.as_of,
        quarters,
        paths,
        seed,
        max_expected_loss,
        given_terms(curve_file, fund_file, without_book_terms=without_book_terms),
    )
    with (
        services(target, ("loans",)) as channel,
        progress("贷款组合 · reviewing the book", quiet=as_json) as update,
    ):
        review = review_book(BookClients.on(channel), request, snapshot, _counted(update))
    written = write_review(review, out_dir)
    if as_json:
        print_json(_summary(review, written))
    else:
        _print(review, written)
    return _checked(review, expect)


def _counted(update: "Callable[[int, int], None]") -> "RunStep":
    """Runs steps and tells how many are done."""
    done = 0

    def run(_name: str, step: "Callable[[], T]", /) -> "T":
        nonlocal done
        found = step()
        done += 1
        update(min(done, _STEPS), _STEPS)
        return found

    return run


def _checked(review: "BookReview", expect: str | None) -> int:
    found = review.replay_id()
    if expect is None:
        return 0
    if found == expect:
        click.echo("复算一致 · identical to the report expected", err=True)
        return 0
    click.echo(f"复算不一致 · replay id: found {found}, expected {expect}", err=True)
    return DIFFERS


def _summary(review: "BookReview", written: "ReportFiles") -> dict[str, object]:
    figures = review.figures
    summary: dict[str, object] = {
        "replay_id": review.replay_id(),
        "as_of": review.request.as_of,
        "n_loans": len(review.loans),
        "n_synthetic": review.n_synthetic,
    }
    if figures is not None:
        summary |= {
            "expected_loss_cny": figures.loss.expected_loss_cny,
            "expected_loss_error_cny": figures.loss.expected_loss_error_cny,
            "tail": figures.loss.tail,
            "wrong_way_cny": figures.wrong_way.expected_loss_difference_cny,
            "allowance_cny": figures.credit_loss.total.allowance_cny,
            "non_performing_ratio": None if figures.quality is None else figures.quality.non_performing_ratio,
            "risk_weighted_cny": figures.capital.totals.weighted_cny,
            "economic_capital_cny": figures.capital.totals.economic_recognised.capital_cny,
        }
    files = {"html": str(written.html), "pdf": str(written.pdf), "xlsx": str(written.xlsx)}
    return summary | {"files": files}


def _print(review: "BookReview", written: "ReportFiles") -> None:
    if review.n_synthetic:
        click.echo(
            f"合成数据，并非任何银行的贷款 · synthetic, no bank's loans: {review.n_synthetic:,} / {len(review.loans):,}"
        )
    figures = review.figures
    if figures is None:
        click.echo("贷款簿中没有贷款 · the book has no loans")
    else:
        loss, tail = figures.loss, figures.loss.tail[-1]
        quality = "—" if figures.quality is None else percent(figures.quality.non_performing_ratio)
        rows = [
            ["余额 Balance", wan(figures.credit_loss.total.exposure_cny), ""],
            ["预期损失 Expected loss", wan(loss.expected_loss_cny), f"± {wan(loss.expected_loss_error_cny)}"],
            [
                "VaR 99.9%",
                wan(tail.value_at_risk_cny),
                f"{wan(tail.value_at_risk_low_cny)} – {wan(tail.value_at_risk_high_cny)}",
            ],
            ["ES 99.9%", wan(tail.expected_shortfall_cny), f"± {wan(tail.expected_shortfall_error_cny)}"],
            [
                "错向风险 Wrong-way risk",
                wan(figures.wrong_way.expected_loss_difference_cny),
                f"± {wan(figures.wrong_way.expected_loss_difference_error_cny)}",
            ],
            ["预期信用损失 Credit loss", wan(figures.credit_loss.total.allowance_cny), ""],
            ["不良率 NPL ratio (报送余额 of reported balances)", quality, ""],
            [
                "经济资本 Economic capital",
                wan(figures.capital.totals.economic_recognised.capital_cny),
                "",
            ],
        ]
        title = (
            f"贷款组合 · The book on {review.request.as_of}, {number_of(len(review.loans), 'loan')} (万元)"
        )
        print_table(title, ("指标 Figure", "数值 Value", "误差/95%区间 Error"), rows)
    click.echo(f"  复算编号 replay id: {review.replay_id()}")
    click.echo(f"  {written.pdf}  {written.html.name}  {written.xlsx.name}")
