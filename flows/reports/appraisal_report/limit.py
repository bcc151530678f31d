"""Section: how much may be lent: the terms, every rule, the binding one, the years, what would have to change."""

import dataclasses

from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.reports.appraisal_report.blocks import APPRAISAL, chapter, heading, mark_of
from flows.reports.appraisal_report.loan_years import loan_year_blocks
from flows.reports.bilingual import Bilingual
from flows.reports.document import Block, Cell, ColumnKind, Mark, Paragraph, Row, Section, Table
from flows.reports.figures import percent, wan
from flows.reports.labels import label
from services.runtime.vocabulary.names import field_zh
from services.valuation.valuation import LoanTerms, SizedLoan

_RATIOS = ("rate_annual", "ltv_cap")


def limit_section(appraisal: PledgeAppraisal) -> Section:
    """The limit, or that no loan was asked for."""
    sized, terms = appraisal.sized, appraisal.loan
    if sized is None or terms is None:
        return chapter("limit", Paragraph(APPRAISAL.text("no_loan")))
    return chapter(
        "limit",
        Paragraph(APPRAISAL.text("limit")),
        _terms_table(terms),
        _limit_table(sized, mark_of(appraisal)),
        *loan_year_blocks(sized),
        *_needed_blocks(sized, terms),
    )


def _terms_table(terms: LoanTerms) -> Table:
    given = {field.name: getattr(terms, field.name) for field in dataclasses.fields(terms)}
    if terms.project_cost_cny is None:
        del given["project_equity_cny"]
    return Table(
        APPRAISAL.title("terms"),
        (heading("field"), heading("given")),
        tuple(
            Row(
                (
                    Cell(Bilingual(field_zh(name), f"loan.{name}")),
                    Cell(_shown(name, value)),
                )
            )
            for name, value in given.items()
            if value is not None
        ),
    )


def _shown(name: str, value: float) -> str:
    if name.endswith("_cny"):
        return wan(value)
    return percent(value, 3) if name in _RATIOS else f"{value:g}"


def _limit_table(sized: SizedLoan, mark: Mark) -> Table:
    ordered = sorted(sized.limits, key=lambda limit: (limit.rule != sized.binding_rule, limit.limit_cny))
    return Table(
        label("appraisal_title.limits"),
        (heading("rule"), heading("limit", ColumnKind.WAN), heading("how", is_long_text=True)),
        tuple(
            Row(
                (
                    Cell(label(f"rule.{limit.rule}")),
                    Cell(limit.limit_cny, mark),
                    Cell(Bilingual(limit.explanation_zh, limit.explanation_en)),
                ),
                is_total=limit.rule == sized.binding_rule,
            )
            for limit in ordered
        ),
    )


def _needed_blocks(sized: SizedLoan, terms: LoanTerms) -> list[Block]:
    """What would have to change to lend the amount asked for; words where nothing has to, or nothing would do."""
    if terms.requested_cny is None:
        return [Paragraph(APPRAISAL.text("nothing_asked_for"))]
    asked = wan(terms.requested_cny)
    if sized.requested_within_limit:
        return [Paragraph(APPRAISAL.text("within", amount=asked))]
    short = {limit.rule for limit in sized.limits if limit.limit_cny < terms.requested_cny}
    blocks: list[Block] = [Paragraph(APPRAISAL.text("beyond", amount=asked, limit=wan(sized.limit_cny)))]
    if sized.changes_needed:
        blocks.append(_needed_table(sized))
    without = short - {change.rule for change in sized.changes_needed}
    blocks += [
        Paragraph(APPRAISAL.text("no_lever", rule_zh=words.zh, rule_en=words.en))
        for rule in sized.limits
        if rule.rule in without
        for words in (label(f"rule.{rule.rule}"),)
    ]
    return blocks


def _needed_table(sized: SizedLoan) -> Table:
    return Table(
        label("appraisal_title.needed"),
        (heading("rule"), heading("how", is_long_text=True)),
        tuple(
            Row((Cell(label(f"rule.{need.rule}")), Cell(Bilingual(need.explanation_zh, need.explanation_en))))
            for need in sized.changes_needed
        ),
    )
