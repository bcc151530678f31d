"""Tables of the cases that show the way from cash flows to the value, line by line."""

from collections.abc import Mapping

from flows.published_cases.appraisal import CaseAppraisal
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import cell, column
from flows.reports.document import Cell, ColumnKind, Row, Table
from flows.reports.factor_names import factor_names
from flows.reports.labels import label
from flows.reports.main_report.case_facts import name_of, valuation_of, value_is_assumed
from services.runtime.market import MarketSnapshot
from services.valuation.valuation import Valuation

# So many of the best documented cases show their cash flows line by line.
_CASES_WITH_CASH_FLOWS = 3


def cash_flow_tables(appraisals: tuple[CaseAppraisal, ...], snapshot: MarketSnapshot) -> tuple[Table, ...]:
    """Line by line for the best documented case of each kind whose size was published, a few of them."""
    explained = [
        (appraisal, valuation)
        for appraisal in appraisals
        if not appraisal.mapping.is_illustrative
        and (valuation := valuation_of(appraisal)) is not None
        and valuation.cash_flows
    ]
    names = factor_names(snapshot)
    best: dict[str, tuple[CaseAppraisal, Valuation]] = {}
    for appraisal, valuation in sorted(explained, key=lambda pair: _gaps(pair[0])):
        best.setdefault(valuation.kind, (appraisal, valuation))
    chosen = list(best.values())[:_CASES_WITH_CASH_FLOWS]
    return tuple(_cash_flow_table(appraisal, valuation, names) for appraisal, valuation in chosen)


def _gaps(appraisal: CaseAppraisal) -> tuple[int, int]:
    """How much is missing: inputs that decide the value, then all."""
    missing = appraisal.mapping.missing
    return sum(1 for entry in missing if entry.case_input.decisive), len(missing)


def _cash_flow_table(appraisal: CaseAppraisal, valuation: Valuation, names: Mapping[str, Bilingual]) -> Table:
    assumed = value_is_assumed(appraisal)
    rows = [
        Row(
            (
                Cell(line.time_years),
                Cell(line.label),
                Cell(names.get(line.factor, Bilingual(line.factor))),
                cell(line.quantity, assumed=assumed),
                cell(line.expected_factor),
                cell(line.expected_amount_cny, assumed=assumed),
                cell(line.present_value_cny, assumed=assumed),
            )
        )
        for line in valuation.cash_flows
    ]
    total = sum(line.present_value_cny for line in valuation.cash_flows)
    undiscounted = sum(line.expected_amount_cny for line in valuation.cash_flows)
    none = Cell(None)
    rows.append(
        Row(
            (
                none,
                Cell(label("row.total")),
                Cell(""),
                none,
                none,
                cell(undiscounted, assumed=assumed),
                cell(total, assumed=assumed),
            ),
            is_total=True,
        )
    )
    return Table(
        label("title.cash_flows", name=name_of(appraisal)),
        (
            column("time", ColumnKind.NUMBER, unit="年"),
            column("line"),
            column("factor"),
            column("quantity", ColumnKind.NUMBER),
            column("expected_factor", ColumnKind.NUMBER, unit="元", decimals=4),
            column("expected_amount", ColumnKind.WAN),
            column("present_value", ColumnKind.WAN),
        ),
        tuple(rows),
        label("caption.cash_flows"),
    )
