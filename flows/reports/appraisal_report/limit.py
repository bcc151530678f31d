"""Section: how much may be lent: every rule, the binding one, the years of the loan, what would have to change."""

from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.reports.appraisal_report.blocks import chapter, heading, mark_of
from flows.reports.bilingual import Bilingual
from flows.reports.document import Block, Cell, ColumnKind, Mark, Paragraph, Row, Section, Table
from flows.reports.labels import label
from services.valuation.valuation import SizedLoan


def limit_section(appraisal: PledgeAppraisal) -> Section:
    """The limit, or that no loan was asked for."""
    sized = appraisal.sized
    if sized is None:
        return chapter("limit", Paragraph(label("appraisal_text.no_loan")))
    blocks: list[Block] = [Paragraph(label("appraisal_text.limit")), _limit_table(sized, mark_of(appraisal))]
    if sized.years:
        blocks.append(_year_table(sized))
    if sized.changes_needed:
        blocks.append(_needed_table(sized))
    return chapter("limit", *blocks)


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


def _year_table(sized: SizedLoan) -> Table:
    return Table(
        label("appraisal_title.years"),
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
            for year in sized.years
        ),
    )


def _needed_table(sized: SizedLoan) -> Table:
    return Table(
        label("appraisal_title.needed"),
        (heading("rule"), heading("how", is_long_text=True)),
        tuple(
            Row((Cell(label(f"rule.{need.rule}")), Cell(Bilingual(need.explanation_zh, need.explanation_en))))
            for need in sized.changes_needed
        ),
    )
