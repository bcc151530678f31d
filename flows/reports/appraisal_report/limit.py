"""Section: how much may be lent: every rule, the binding one, the years of the loan, what would have to change."""

from collections.abc import Sequence

from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.reports.appraisal_report.blocks import chapter, heading, mark_of
from flows.reports.bilingual import Bilingual
from flows.reports.document import Block, Cell, ColumnKind, Mark, Paragraph, Row, Section, Table
from flows.reports.labels import label
from services.valuation.valuation import LoanTerms, LoanYear, SizedLoan


def limit_section(appraisal: PledgeAppraisal) -> Section:
    """The limit, or that no loan was asked for."""
    sized = appraisal.sized
    if sized is None:
        return chapter("limit", Paragraph(label("appraisal_text.no_loan")))
    blocks: list[Block] = [Paragraph(label("appraisal_text.limit"))]
    if appraisal.loan is not None:
        blocks.append(Paragraph(_terms(appraisal.loan)))
    blocks.append(_limit_table(sized, mark_of(appraisal)))
    if sized.years:
        blocks.append(_year_table("years", sized.years))
    if any(year.dscr is not None and year.dscr < 1.0 for year in sized.years):
        blocks.append(_year_table("years_following_cash", sized.years_following_cash))
    if sized.changes_needed:
        blocks.append(_needed_table(sized))
    return chapter("limit", *blocks)


def _terms(loan: LoanTerms) -> Bilingual:
    """The loan that all of the section is about."""
    return label(
        "appraisal_text.loan",
        tenor=f"{loan.tenor_years:g}",
        rate=f"{loan.rate_annual * 100:g}",
        grace=f"{loan.grace_years:g}",
    )


def _limit_table(sized: SizedLoan, mark: Mark) -> Table:
    ordered = sorted(sized.limits, key=lambda limit: (limit.rule != sized.binding_rule, limit.limit_cny))
    return Table(
        label("appraisal_title.limits"),
        (heading("rule"), heading("limit", ColumnKind.WAN), heading("how", long=True)),
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


def _year_table(title: str, years: Sequence[LoanYear]) -> Table:
    return Table(
        label(f"appraisal_title.{title}"),
        (
            heading("year", ColumnKind.INTEGER),
            heading("low_cash", ColumnKind.WAN),
            heading("due", ColumnKind.WAN),
            heading("outstanding", ColumnKind.WAN),
            heading("dscr", ColumnKind.NUMBER),
            heading("pledge_value", ColumnKind.WAN),
            heading("ltv", ColumnKind.PERCENT),
        ),
        tuple(
            Row(
                (
                    Cell(year.year),
                    Cell(year.low_cash_cny),
                    Cell(year.debt_service_cny),
                    Cell(year.outstanding_cny),
                    Cell(year.dscr),
                    Cell(year.pledge_value_cny),
                    Cell(year.ltv),
                )
            )
            for year in years
        ),
    )


def _needed_table(sized: SizedLoan) -> Table:
    return Table(
        label("appraisal_title.needed"),
        (heading("rule"), heading("how", long=True)),
        tuple(
            Row((Cell(label(f"rule.{need.rule}")), Cell(Bilingual(need.explanation_zh, need.explanation_en))))
            for need in sized.changes_needed
        ),
    )
