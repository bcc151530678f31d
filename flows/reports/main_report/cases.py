"""Section: the published pledge cases, what they are worth here, beside what the bank really gave."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from flows.published_cases.appraisal import CaseAppraisal
from flows.published_cases.mapping import Sufficiency
from flows.published_cases.oddity import Oddity
from flows.reports.blocks import findings_of
from flows.reports.document import (
    Block,
    Figure,
    KeyFigure,
    KeyFigures,
    Mark,
    Paragraph,
    Section,
)
from flows.reports.figures import in_count, of_all
from flows.reports.labels import label
from flows.reports.main_report.case_cash_flows import cash_flow_tables
from flows.reports.main_report.case_charts import loan_chart, value_chart
from flows.reports.main_report.case_facts import published_size_limit
from flows.reports.main_report.case_tables import (
    limit_table,
    market_price_table,
    missing_table,
    result_table,
)
from services.runtime.market import MarketSnapshot
from services.runtime.results import Caution

# What the tables of this section say already, case by case.
_SAID_BY_TABLES = frozenset(
    {
        "ASSUMED_INPUT",
        "CATALOGUE_ASSUMPTION",
        "GRANTED_ABOVE_PLEDGE_LIMIT",
        "ILLUSTRATIVE_SIZE",
        "NOT_VALUED",
        "VALUED_UNDER_ASSUMPTION",
    }
)
# The service tells each loan's years and amount; a list of cases needs what they share, and their numbers.
_TOLD_TOGETHER = {"PLEDGE_BELOW_DEBT": "text.cases_pledge_below_debt"}


def cases_section(
    appraisals: tuple[CaseAppraisal, ...], oddities: tuple[Oddity, ...], snapshot: MarketSnapshot
) -> Section:
    """All cases: results, limits by rule, missing inputs, cash flows of the best documented ones."""
    charts: list[Block] = []
    if (loans := loan_chart(appraisals)) is not None:
        charts.append(Figure(label("title.loan_chart"), loans, label("caption.loan_chart")))
    if (values := value_chart(appraisals)) is not None:
        charts.append(Figure(label("title.value_chart"), values, label("caption.value_chart")))
    return Section(
        "cases",
        label("section.cases"),
        label("sheet.cases").zh,
        (
            Paragraph(label("text.cases")),
            _key_figures(appraisals),
            result_table(appraisals),
            *charts,
            limit_table(appraisals),
            *market_price_table(appraisals),
            missing_table(appraisals),
            *cash_flow_tables(appraisals, snapshot),
            *findings_of("title.case_findings", _shared_cautions(appraisals, oddities)),
        ),
    )


def _shared_cautions(
    appraisals: tuple[CaseAppraisal, ...], oddities: tuple[Oddity, ...]
) -> Iterable[tuple[str, Caution]]:
    """Each caution once with the cases that it is about; what the next section or a table says is left out."""
    said = {oddity.caution for oddity in oddities}
    cases: dict[Caution, list[str]] = {}
    for appraisal in appraisals:
        for caution in appraisal.cautions:
            if caution not in said and caution.code not in _SAID_BY_TABLES:
                cases.setdefault(_shared(caution), []).append(appraisal.case_id)
    for caution, case_ids in cases.items():
        yield "、".join(dict.fromkeys(case_ids)), caution


def _shared(caution: Caution) -> Caution:
    """The caution without what is told of one case alone."""
    caution = replace(caution, field="")
    if caution.code not in _TOLD_TOGETHER:
        return caution
    words = label(_TOLD_TOGETHER[caution.code])
    return replace(caution, message_zh=words.zh, message_en=words.en)


def _key_figures(appraisals: tuple[CaseAppraisal, ...]) -> KeyFigures:
    counts = Counter(appraisal.sufficiency for appraisal in appraisals)
    figures = [KeyFigure(label("figure.cases"), in_count(len(appraisals)))]
    figures += [
        KeyFigure(label(f"sufficiency.{kind}"), in_count(counts[kind]), label(f"detail.{kind}"))
        for kind in Sufficiency
    ]
    # Where the size of the pledge itself was assumed the limit says nothing about the loan.
    limits = [(_granted(a), limit) for a in appraisals if (limit := published_size_limit(a)) is not None]
    above, sized = sum(1 for granted, limit in limits if granted > limit), len(limits)
    figures.append(
        KeyFigure(
            label("figure.above_limit"), of_all(above, sized), label("detail.above_limit"), Mark.ASSUMPTION
        )
    )
    return KeyFigures(tuple(figures))


def _granted(appraisal: CaseAppraisal) -> float:
    """Loan or else credit line, CNY; 0 where neither was published."""
    return appraisal.loan_cny or appraisal.credit_line_cny or 0.0
