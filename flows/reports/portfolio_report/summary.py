"""Section: the few figures that a risk committee asks for first, and what to look at before trusting them."""

from collections.abc import Iterator
from dataclasses import replace

from flows.reports.bilingual import Bilingual
from flows.reports.blocks import findings_of
from flows.reports.document import KeyFigure, KeyFigures, Mark, Measure, Section
from flows.reports.figures import figure_text, in_count, in_percent, in_wan, in_yi, percent
from flows.reports.labels import label
from flows.reports.portfolio_report.blocks import PORTFOLIO, chapter, share_of
from flows.reports.portfolio_report.book_facts import BookFacts
from flows.reports.portfolio_report.monitoring import pledged_loans
from flows.reports.portfolio_report.record import with_chapters
from flows.reports.portfolio_report.stress import hardest, name_of
from services.loans.quality.classification import is_non_performing
from services.runtime.results import Severity

_YI_CNY = 1e8


def summary_section(book: BookFacts) -> Section:
    """Balance, losses, quality, capital, pledges, the hardest scenario; the gravest warnings."""
    figures = (
        *_size(book),
        *_losses(book),
        *_quality(book),
        *_capital(book),
        *_pledges(book),
        *_stress(book),
    )
    gravest = with_chapters(
        (name, caution) for name, caution in book.figures.cautions() if caution.severity is not Severity.NOTE
    )
    return chapter("summary", KeyFigures(figures), *findings_of("portfolio_title.gravest", gravest))


def _amount(amount_cny: float) -> Measure:
    return in_yi(amount_cny) if abs(amount_cny) >= _YI_CNY else in_wan(amount_cny)


def _money(amount_cny: float) -> str:
    return figure_text(_amount(amount_cny))


def _size(book: BookFacts) -> Iterator[KeyFigure]:
    owing = book.figures.credit_loss.loans
    borrowers = {book.borrower_of(loan.loan_id) for loan in owing}
    yield PORTFOLIO.figure(
        "balance",
        _amount(book.figures.credit_loss.total.exposure_cny),
        loans=f"{len(owing):,}",
        borrowers=f"{len(borrowers):,}",
    )


def _losses(book: BookFacts) -> Iterator[KeyFigure]:
    loss, risk = book.figures.loss, book.figures.wrong_way
    share = share_of(loss.expected_loss_cny, loss.exposure_cny)
    yield KeyFigure(
        label("portfolio_figure.expected_loss", months=book.months),
        _amount(loss.expected_loss_cny),
        label(
            "portfolio_detail.expected_loss",
            share="—" if share is None else percent(share, 2),
            error=_money(loss.expected_loss_error_cny),
        ),
    )
    tail = loss.tail[-1]
    yield PORTFOLIO.figure(
        "value_at_risk",
        _amount(tail.value_at_risk_cny),
        low=_money(tail.value_at_risk_low_cny),
        high=_money(tail.value_at_risk_high_cny),
    )
    yield PORTFOLIO.figure(
        "shortfall", _amount(tail.expected_shortfall_cny), error=_money(tail.expected_shortfall_error_cny)
    )
    added = share_of(risk.expected_loss_difference_cny, risk.apart.expected_loss_cny)
    if added is not None:
        yield PORTFOLIO.figure(
            "wrong_way", _amount(risk.expected_loss_difference_cny), share=percent(added, 2)
        )


def _quality(book: BookFacts) -> Iterator[KeyFigure]:
    total, quality = book.figures.credit_loss.total, book.figures.quality
    yield PORTFOLIO.figure("allowance", _amount(total.allowance_cny), share=percent(total.coverage, 2))
    if quality is not None:
        bad = sum(found.n_loans for found in quality.totals if is_non_performing(found.quality))
        yield PORTFOLIO.figure(
            "npl",
            in_percent(quality.non_performing_ratio, 2),
            loans=f"{bad:,}",
            known=f"{sum(found.n_loans for found in quality.totals):,}",
            balance=_money(float(sum(found.balance_cny for found in quality.totals))),
        )


def _capital(book: BookFacts) -> Iterator[KeyFigure]:
    totals = book.figures.capital.totals
    yield PORTFOLIO.figure(
        "weighted", _amount(totals.weighted_cny), capital=_money(totals.weight_capital_cny)
    )
    yield PORTFOLIO.figure(
        "economic",
        _amount(totals.economic_recognised.capital_cny),
        bare=_money(totals.economic_unrecognised.capital_cny),
    )


def _pledges(book: BookFacts) -> Iterator[KeyFigure]:
    pledged = pledged_loans(book)
    value = sum(loan.value_cny for loan in pledged)
    ratio = share_of(sum(loan.balance_cny for loan in pledged), value)
    if ratio is None:
        yield PORTFOLIO.figure("pledges", in_wan(0), detail="no_pledges")
        return
    yield PORTFOLIO.figure("pledges", _amount(value), ltv=percent(ratio))
    called = [loan for loan in pledged if loan.margin_cash_cny > 0]
    cash = float(sum(loan.margin_cash_cny for loan in called))
    assumed = any(loan.levels.is_assumption for loan in pledged)
    yield PORTFOLIO.figure(
        "called",
        in_count(len(called), "笔"),
        Mark.ASSUMPTION if assumed else Mark.PLAIN,
        cash=_money(cash),
    )


def _stress(book: BookFacts) -> Iterator[KeyFigure]:
    worlds = hardest(list(book.figures.stress.worlds[1:]))
    if worlds and worlds[0].expected_loss_change_cny > 0.0:
        name = name_of(worlds[0])
        yield KeyFigure(
            label("portfolio_figure.worst"),
            replace(_amount(worlds[0].expected_loss_change_cny), is_change=True),
            Bilingual(name.zh, name.en),
        )
