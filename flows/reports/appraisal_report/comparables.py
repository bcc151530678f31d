"""Section: published cases of the same kind, as they were published."""

from decimal import Decimal

from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.published_cases.case import CNY_PER_WAN, PublishedCase
from flows.reports.appraisal_report.blocks import chapter, heading
from flows.reports.document import Cell, ColumnKind, Paragraph, Row, Section, Table
from flows.reports.labels import label


def comparables_section(appraisal: PledgeAppraisal) -> Section:
    """The table of comparables, or that there are none."""
    if not appraisal.comparables:
        return chapter("comparables", Paragraph(label("appraisal_text.no_comparables")))
    table = Table(
        label("appraisal_title.comparables"),
        (
            heading("case"),
            heading("place"),
            heading("lender"),
            heading("year"),
            heading("quantity_published"),
            heading("value_published", ColumnKind.WAN),
            heading("basis"),
            heading("granted", ColumnKind.WAN),
            heading("rate", ColumnKind.PERCENT, decimals=2),
        ),
        tuple(_row(case) for case in appraisal.comparables),
    )
    return chapter("comparables", Paragraph(label("appraisal_text.comparables")), table)


def _row(case: PublishedCase) -> Row:
    quantity = (
        None
        if case.quantity_per_year is None
        else f"{case.quantity_per_year:,} {case.quantity_unit or ''}".strip()
    )
    return Row(
        (
            Cell(case.case_id),
            Cell(case.place),
            Cell(case.lender or None),
            Cell(None if case.year is None else str(case.year)),
            Cell(quantity),
            Cell(_cny(case.published_value_wan)),
            Cell(None if case.published_value_wan is None else label(f"basis.{case.basis}")),
            Cell(_cny(case.granted_wan)),
            Cell(None if case.rate_pct is None else case.rate_pct / 100),
        )
    )


def _cny(amount_wan: Decimal | None) -> Decimal | None:
    return None if amount_wan is None else amount_wan * CNY_PER_WAN
