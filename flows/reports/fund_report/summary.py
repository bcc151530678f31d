"""Section: the few figures that a partner asks for first, and what to look at before trusting them."""

from flows.fund_review.fund_review import FundReview
from flows.reports.blocks import findings_of
from flows.reports.document import KeyFigure, KeyFigures, Mark, Measure, Paragraph, Section
from flows.reports.figures import in_percent, in_unit, in_yi, percent, yi
from flows.reports.fund_tables.wording import FUND, chapter, class_name, text
from flows.reports.fund_tables.worlds import named_worlds, paying_class
from services.fund.simulation.outcome import FundOutcome
from services.runtime.results import Severity


def summary_section(review: FundReview) -> Section:
    """Commitments, calls, return, loss, leverage, liquidity, the hardest world."""
    gravest = [("", caution) for caution in review.outcome.cautions if caution.severity is not Severity.NOTE]
    gravest += [
        (flag.project_id, flag.caution) for flag in review.flags if flag.caution.severity is not Severity.NOTE
    ]
    return chapter(
        "summary",
        Paragraph(
            text(
                "summary",
                name=review.terms.name,
                projects=str(len(review.asked.projects)),
                paths=f"{review.outcome.manifest.n_paths:,}",
                assumptions=str(len(review.outcome.assumptions)),
            )
        ),
        KeyFigures((*_money(review), *_return(review.outcome), *_needs(review))),
        *findings_of("title.gravest", gravest),
    )


def _figure(key: str, value: Measure, detail: str = "", **words: str) -> KeyFigure:
    return FUND.figure(key, value, Mark.ASSUMPTION, detail=detail, **words)


def _money(review: FundReview) -> list[KeyFigure]:
    committed = sum(float(partner.commitment_cny) for partner in review.terms.partners)
    outcome = review.outcome
    called = _figure("called", in_yi(outcome.called_cny), "called", fee=yi(outcome.fee_cny))
    return [
        _figure("committed", in_yi(committed)),
        called,
        _figure("leverage", in_unit(outcome.leverage_project_to_fund, "倍", 1), "leverage"),
    ]


def _return(outcome: FundOutcome) -> list[KeyFigure]:
    found = paying_class(outcome)
    if found is None or found.irr_annual is None or found.tvpi is None:
        return []
    name = class_name(found.recipient_id).inline()
    low, high = (percent(found.irr_annual.quantile(level)) for level in (0.05, 0.95))
    middle = in_percent(found.irr_annual.quantile(0.5))
    return [
        _figure("irr", middle, "irr", low=low, high=high, name=name),
        _figure("tvpi", in_unit(found.tvpi.quantile(0.5), "", 2), "class", name=name),
        _figure("loss", in_percent(found.probability_of_loss), "class", name=name),
    ]


def _needs(review: FundReview) -> list[KeyFigure]:
    outcome = review.outcome
    peak = yi(outcome.peak_line_cny.quantile(0.95))
    figures = [_figure("line", in_percent(outcome.probability_line_needed), "line", peak=peak)]
    rates = [
        (found.irr_annual.quantile(0.5), name)
        for name, world in named_worlds(review.comparison)[1:]
        if (found := paying_class(world)) is not None and found.irr_annual is not None
    ]
    if rates:
        worst, name = min(rates, key=lambda pair: pair[0])
        figures.append(_figure("hardest", in_percent(worst), "hardest", world=name.inline()))
    if review.benefit is not None and review.benefit.outcome.grassroots is not None:
        received = sum(each.received_cny.mean for each in review.benefit.outcome.grassroots.counties)
        detail = "benefit_own" if review.benefit.are_own else "benefit_other"
        figures.append(_figure("benefit", in_yi(received), detail, name=review.benefit.terms.name))
    return figures
