"""Tables of the cases: results, limits by rule, the market's price, missing inputs."""

from flows.published_cases.appraisal import CaseAppraisal, PricedPledge
from flows.published_cases.assumptions import Assumption
from flows.published_cases.case_inputs import CaseInput
from flows.published_cases.case_sheet import MissingInput
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import cell, column
from flows.reports.document import Cell, ColumnKind, Mark, Row, Table
from flows.reports.figures import CNY_PER_WAN, wan
from flows.reports.labels import catalogue, label
from flows.reports.main_report.case_facts import (
    limit_is_assumed,
    limit_of,
    name_of,
    sized_of,
    valuation_of,
    value_is_assumed,
    why_no_value,
)
from services.valuation.valuation import LimitRule, Valuation


def result_table(appraisals: tuple[CaseAppraisal, ...]) -> Table:
    """One line a case: value, haircut, limit, what the bank gave, what is missing."""
    return Table(
        label("title.case_results"),
        (
            column("case"),
            column("kind"),
            column("status"),
            column("published_value", ColumnKind.WAN),
            column("value", ColumnKind.WAN),
            column("haircut", ColumnKind.PERCENT),
            column("pledge_value", ColumnKind.WAN),
            column("limit", ColumnKind.WAN),
            column("binding_rule"),
            column("granted", ColumnKind.WAN),
            column("granted_to_limit", ColumnKind.NUMBER, unit="倍"),
            column("missing_inputs", is_long_text=True),
        ),
        tuple(_result_row(appraisal) for appraisal in appraisals),
        label("caption.case_results"),
    )


def _result_row(appraisal: CaseAppraisal) -> Row:
    case, valuation, sized = appraisal.mapping.case, valuation_of(appraisal), sized_of(appraisal)
    value_assumed, limit_assumed = value_is_assumed(appraisal), limit_is_assumed(appraisal)
    published = case.published_value_wan
    return Row(
        (
            Cell(Bilingual(name_of(appraisal), " ".join(filter(None, [case.lender, str(case.year or "")])))),
            Cell(label(f"collateral.{case.kind}")),
            _status_cell(appraisal),
            Cell(None if published is None else published * CNY_PER_WAN, note=_basis_note(appraisal)),
            cell(None if valuation is None else valuation.value_cny, assumed=value_assumed),
            cell(None if valuation is None else valuation.haircut, assumed=value_assumed),
            cell(None if valuation is None else valuation.pledge_value_cny, assumed=value_assumed),
            cell(limit_of(appraisal), assumed=limit_assumed),
            cell(None if sized is None else label(f"rule.{sized.binding_rule}")),
            _granted_cell(appraisal),
            cell(appraisal.granted_to_limit, assumed=limit_assumed, note=_ratio_note(appraisal)),
            Cell(_missing_words(appraisal), note=why_no_value(appraisal)),
        )
    )


def _status_cell(appraisal: CaseAppraisal) -> Cell:
    key = (
        "sufficiency.illustrative"
        if appraisal.mapping.is_illustrative
        else f"sufficiency.{appraisal.sufficiency}"
    )
    return Cell(label(key))


def _granted_cell(appraisal: CaseAppraisal) -> Cell:
    """The published loan, else the credit line; where both were published the line stands in the note."""
    line = appraisal.credit_line_cny
    if appraisal.loan_cny is None:
        return Cell(line, note=None if line is None else label("detail.credit_line"))
    return Cell(appraisal.loan_cny, note=None if line is None else label("detail.and_line", line=wan(line)))


def _ratio_note(appraisal: CaseAppraisal) -> Bilingual | None:
    """What the ratio means where the size of the pledge was assumed."""
    shown = appraisal.mapping.is_illustrative and appraisal.granted_to_limit is not None
    return label("detail.needed_size") if shown else None


def _basis_note(appraisal: CaseAppraisal) -> Bilingual | None:
    if appraisal.mapping.case.published_value_wan is None:
        return None
    return label(f"basis.{appraisal.mapping.case.basis}")


def _missing_words(appraisal: CaseAppraisal) -> Bilingual:
    """The inputs that decide the value by name, and how many others; the table of missing inputs has them all."""
    missing = appraisal.mapping.missing
    decisive = [entry.case_input for entry in missing if entry.case_input.decisive]
    others = len(missing) - len(decisive)
    if not missing:
        return Bilingual("—")
    rest = label("detail.other_inputs" if decisive else "detail.only_other_inputs", count=str(others))
    return Bilingual(
        "、".join(entry.label_zh for entry in decisive) + (rest.zh if others else ""),
        "; ".join(entry.label_en for entry in decisive) + (rest.en if others else ""),
    )


def limit_table(appraisals: tuple[CaseAppraisal, ...]) -> Table:
    """What each rule allows, and how the binding one was computed."""
    rules = [rule for rule in LimitRule if any(_limit_by(a, rule) is not None for a in appraisals)]
    return Table(
        label("title.case_limits"),
        (
            column("case"),
            *(column(f"limit_{rule}", ColumnKind.WAN) for rule in rules),
            column("binding_rule"),
            column("explanation", is_long_text=True),
        ),
        tuple(_limit_row(appraisal, rules) for appraisal in appraisals if sized_of(appraisal) is not None),
        label("caption.case_limits"),
    )


def _limit_by(appraisal: CaseAppraisal, rule: LimitRule) -> float | None:
    sized = sized_of(appraisal)
    return (
        None if sized is None else next((item.limit_cny for item in sized.limits if item.rule is rule), None)
    )


def _limit_row(appraisal: CaseAppraisal, rules: list[LimitRule]) -> Row:
    sized = sized_of(appraisal)
    binding = (
        None if sized is None else next(item for item in sized.limits if item.rule is sized.binding_rule)
    )
    assumed = limit_is_assumed(appraisal)
    return Row(
        (
            Cell(name_of(appraisal)),
            *(cell(_limit_by(appraisal, rule), assumed=assumed) for rule in rules),
            Cell(None if binding is None else label(f"rule.{binding.rule}")),
            Cell(None if binding is None else Bilingual(binding.explanation_zh, binding.explanation_en)),
        )
    )


def market_price_table(appraisals: tuple[CaseAppraisal, ...]) -> tuple[Table, ...]:
    """Pledges at the published price and at the market's; no table where no case has a price of its own."""
    rows = tuple(
        Row(
            (
                Cell(name_of(appraisal)),
                Cell(appraisal.mapping.case.price_used_cny),
                *_priced_cells(appraisal.pledge, limit_is_assumed(appraisal)),
                *_priced_cells(appraisal.at_market_price, limit_is_assumed(appraisal)),
                Cell(appraisal.loan_cny if appraisal.loan_cny is not None else appraisal.credit_line_cny),
            )
        )
        for appraisal in appraisals
        if appraisal.at_market_price is not None
    )
    if not rows:
        return ()
    columns = (
        column("case"),
        column("own_price", ColumnKind.NUMBER, unit="元"),
        column("value_own_price", ColumnKind.WAN),
        column("limit_own_price", ColumnKind.WAN),
        column("value_market_price", ColumnKind.WAN),
        column("limit_market_price", ColumnKind.WAN),
        column("granted", ColumnKind.WAN),
    )
    return (Table(label("title.market_price"), columns, rows, label("caption.market_price")),)


def _priced_cells(pledge: PricedPledge | None, assumed: bool) -> tuple[Cell, Cell]:
    valuation = None if pledge is None or not isinstance(pledge.valuation, Valuation) else pledge.valuation
    return (
        cell(None if valuation is None else valuation.value_cny, assumed=assumed),
        cell(None if pledge is None else pledge.limit_cny, assumed=assumed),
    )


def missing_table(appraisals: tuple[CaseAppraisal, ...]) -> Table:
    """Every input that was not published, what was assumed instead and why; cases with the same one share a line."""
    users: dict[tuple[CaseInput, Cell, Bilingual], list[str]] = {}
    for appraisal in appraisals:
        for missing in appraisal.mapping.missing:
            users.setdefault(_treatment(appraisal, missing), []).append(appraisal.case_id)
    return Table(
        label("title.case_missing"),
        (
            column("input"),
            column("decides_value"),
            column("assumed_value"),
            column("used_by", is_long_text=True),
            column("reason", is_long_text=True),
        ),
        tuple(
            Row(
                (
                    Cell(Bilingual(case_input.label_zh, case_input.label_en)),
                    Cell(label("status.yes" if case_input.decisive else "status.no")),
                    value,
                    Cell("、".join(case_ids)),
                    Cell(reason),
                )
            )
            for (case_input, value, reason), case_ids in users.items()
        ),
        label("caption.case_missing"),
    )


def _treatment(appraisal: CaseAppraisal, missing: MissingInput) -> tuple[CaseInput, Cell, Bilingual]:
    """The input, what stands for it and why."""
    assumption = missing.assumption
    if assumption is None:
        note = Bilingual(appraisal.mapping.note_zh, appraisal.mapping.note_en)
        return missing.case_input, Cell(label("status.none_sensible")), note
    reason = Bilingual(assumption.reason_zh, assumption.reason_en)
    return missing.case_input, Cell(assumed_value(assumption), Mark.ASSUMPTION), reason


def assumed_value(assumption: Assumption) -> Bilingual:
    """The value with its unit as people write it; fractions are percent, names have their words where known."""
    value, unit = assumption.value, assumption.unit
    if isinstance(value, str):
        return catalogue().get(f"choice.{value}", Bilingual(value))
    if unit.startswith("fraction"):
        return Bilingual(f"{value * 100:,.10g}%" + ("/年" if unit.endswith("/yr") else ""))
    words = catalogue().get(f"unit.{unit}", Bilingual(unit))
    return Bilingual(f"{value:,.10g} {words.zh}", words.en)
