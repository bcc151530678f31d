"""Section: the few figures that a credit committee asks for first, and what to look at before trusting them."""

from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.reports.appraisal_report.blocks import chapter, mark_of
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import findings_of
from flows.reports.document import KeyFigure, KeyFigures, Section
from flows.reports.figures import percent, wan
from flows.reports.labels import label
from services.runtime.results import Severity


def summary_section(appraisal: PledgeAppraisal) -> Section:
    """Value, haircut, pledge value and limit, and the gravest warnings."""
    valuation, mark = appraisal.valuation, mark_of(appraisal)
    low = f"{(1.0 - valuation.confidence) * 100:g}"
    figures = [
        KeyFigure(
            label("appraisal_figure.value"),
            wan(valuation.value_cny),
            label("appraisal_figure.undiscounted", amount=wan(valuation.undiscounted_sum_cny)),
            mark,
        ),
        KeyFigure(label("appraisal_figure.haircut"), percent(valuation.haircut), mark=mark),
        KeyFigure(
            label("appraisal_figure.pledge_value"),
            wan(valuation.pledge_value_cny),
            label("appraisal_figure.at_horizon", horizon=f"{valuation.horizon_years:g}", low=low),
            mark,
        ),
        KeyFigure(label("appraisal_figure.annual_cash"), wan(valuation.annual_cash_cny), mark=mark),
        *_limit_figures(appraisal),
    ]
    gravest = [(c.field, c) for c in appraisal.cautions if c.severity is not Severity.NOTE]
    return chapter("summary", KeyFigures(tuple(figures)), *findings_of("title.gravest", gravest))


def _limit_figures(appraisal: PledgeAppraisal) -> list[KeyFigure]:
    sized, mark = appraisal.sized, mark_of(appraisal)
    if sized is None:
        return []
    rule, words = label(f"rule.{sized.binding_rule}"), label("appraisal_figure.binding")
    figures = [
        KeyFigure(
            label("appraisal_figure.limit"),
            wan(sized.limit_cny),
            Bilingual(words.zh.format(rule=rule.zh), words.en.format(rule=rule.en)),
            mark,
        )
    ]
    if appraisal.valuation.value_cny > 0.0:
        share = sized.limit_cny / appraisal.valuation.value_cny
        figures.append(KeyFigure(label("appraisal_figure.loan_to_value"), percent(share), mark=mark))
    if appraisal.loan is not None and appraisal.loan.requested_cny is not None:
        verdict = "within" if sized.requested_within_limit else "beyond"
        figures.append(
            KeyFigure(
                label("appraisal_figure.requested"),
                wan(appraisal.loan.requested_cny),
                label(f"appraisal_figure.{verdict}"),
            )
        )
    return figures
