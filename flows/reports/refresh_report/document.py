"""The document of a refresh: what the pledges are worth now, what could not be valued, what to be careful about."""

import heapq
from collections import defaultdict
from collections.abc import Iterable

from flows.refresh.job import RefreshResult, Valued
from flows.refresh.pledge_events import worst_first
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import cell, column, findings_of, valuation_assumption
from flows.reports.document import (
    Cell,
    Column,
    ColumnKind,
    Document,
    Fact,
    KeyFigure,
    KeyFigures,
    Mark,
    Paragraph,
    Row,
    Section,
    Table,
)
from flows.reports.figures import in_count, in_wan, in_yi, of_all
from flows.reports.labels import label
from flows.reports.main_report.account import class_table, line_table
from flows.reports.refresh_report.pledge_events import event_section
from services.runtime.results import Caution, Severity
from services.runtime.vocabulary.names import status_zh
from services.valuation.valuation import Failure, Valuation

# Names of pledges that one cell or finding lists; beyond it their number is said.
_NAMED_TOGETHER = 20


def build_refresh_document(result: RefreshResult, *, most_rows: int | None = None) -> Document:
    """The document; the same result gives the same document.

    Args:
        result: of the refresh.
        most_rows: pledges that the table lists, those of the largest value; all of them unless given.
    """
    request = result.request
    facts = (
        Fact(label("cover.institution"), request.institution_id),
        Fact(label("cover.snapshot"), result.snapshot_id),
        Fact(label("cover.snapshot_hash"), result.snapshot_hash[:16]),
        Fact(label("cover.seed"), str(request.simulation.seed)),
        Fact(label("cover.accounts_hash"), result.accounts.content_hash[:16]),
        Fact(label("cover.refresh_key"), result.key[:16]),
    )
    return Document(
        label("cover.refresh_title"),
        label("cover.refresh_subtitle"),
        request.as_of,
        facts,
        _sources(result),
        (
            _summary_section(result),
            _valuation_section(result, most_rows),
            event_section(worst_first(result.level_changes)),
            _caution_section(result),
            _account_section(result),
            _assumption_section(result),
        ),
    )


def _sources(result: RefreshResult) -> tuple[Bilingual, ...]:
    cited = dict.fromkeys(item.pledge.source for item in result.valued if item.pledge.source)
    return tuple(Bilingual(source) for source in cited)


def _summary_section(result: RefreshResult) -> Section:
    values, collateral = result.valuations(), result.collateral
    assumed = Mark.ASSUMPTION if any(value.assumptions for value in values) else Mark.PLAIN
    worse = sum(change.is_worse for change in result.level_changes)
    figures = [
        KeyFigure(label("figure.refresh_valued"), of_all(len(values), len(result.valued))),
        KeyFigure(
            label("figure.refresh_value"), in_wan(sum(value.value_cny for value in values)), mark=assumed
        ),
        KeyFigure(
            label("figure.refresh_pledge_value"),
            in_wan(sum(value.pledge_value_cny for value in values)),
            mark=assumed,
        ),
        KeyFigure(label("figure.refresh_account"), in_yi(result.accounts.reconciliation.total_cny)),
        KeyFigure(label("figure.refresh_created"), in_count(collateral.created)),
        KeyFigure(label("figure.refresh_updated"), in_count(collateral.updated)),
        KeyFigure(label("figure.refresh_unchanged"), in_count(collateral.unchanged)),
        KeyFigure(label("figure.refresh_worse"), in_count(worse)),
        KeyFigure(label("figure.refresh_better"), in_count(len(result.level_changes) - worse)),
        KeyFigure(label("figure.refresh_loans_missing"), in_count(len(collateral.loans_missing))),
        KeyFigure(label("figure.refresh_cautions"), in_count(len(result.cautions()))),
    ]
    gravest = [item for item in _subjects(result) if item[1].severity is Severity.IMPLAUSIBLE]
    return Section(
        "summary",
        label("section.refresh_summary"),
        label("sheet.summary").zh,
        (
            Paragraph(label("text.refresh_summary")),
            KeyFigures(tuple(figures)),
            *findings_of("title.gravest", gravest),
        ),
    )


def _valuation_section(result: RefreshResult, most_rows: int | None) -> Section:
    tables = [_valuation_table(result, most_rows)]
    if result.failures():
        tables.append(_failure_table(result.failures()))
    if result.collateral.loans_missing:
        tables.append(
            Table(
                label("title.refresh_loans_missing"),
                (column("loan_id"),),
                tuple(Row((Cell(loan_id),)) for loan_id in result.collateral.loans_missing),
            )
        )
    return Section(
        "valuations",
        label("section.refresh_valuations"),
        label("sheet.refresh_valuations").zh,
        (Paragraph(label("text.refresh_valuations")), *_left_out(result, most_rows), *tables),
    )


def _left_out(result: RefreshResult, most_rows: int | None) -> tuple[Paragraph, ...]:
    """Says that the table does not list every pledge, where it does not."""
    n = len(result.valuations())
    if most_rows is None or n <= most_rows:
        return ()
    return (Paragraph(label("text.refresh_rows_left_out", shown=f"{most_rows:,}", all=f"{n:,}")),)


def _valuation_table(result: RefreshResult, most_rows: int | None) -> Table:
    columns = (
        column("pledge"),
        column("project_name"),
        column("kind"),
        column("value", ColumnKind.WAN),
        column("haircut", ColumnKind.PERCENT),
        column("pledge_value", ColumnKind.WAN),
        column("first_year_cash", ColumnKind.WAN),
        column("loan_id"),
        column("pledged_share", ColumnKind.PERCENT, decimals=0),
        column("replay_id"),
    )
    kinds = {kind.kind: Bilingual(kind.name_zh, kind.name_en) for kind in result.kinds}
    values = result.valuations()
    n_shown = len(values) if most_rows is None else most_rows
    shown = {
        value.valuation_id for value in heapq.nlargest(n_shown, values, key=lambda value: value.value_cny)
    }
    rows = [
        _valuation_row(item, item.outcome, kinds)
        for item in result.valued
        if isinstance(item.outcome, Valuation) and item.outcome.valuation_id in shown
    ]
    totals = {
        3: sum(value.value_cny for value in values),
        5: sum(value.pledge_value_cny for value in values),
        6: sum(value.annual_cash_cny for value in values),
    }
    return Table(label("title.refresh_valuations"), columns, (*rows, _total_row(columns, totals)))


def _valuation_row(item: Valued, value: Valuation, kinds: dict[str, Bilingual]) -> Row:
    asset, assumed = item.pledge.asset, bool(value.assumptions)
    return Row(
        (
            Cell(value.asset_id),
            Cell("，".join(filter(None, [asset.name, asset.place]))),
            Cell(kinds.get(value.kind, value.kind)),
            cell(value.value_cny, assumed=assumed),
            cell(value.haircut, assumed=assumed),
            cell(value.pledge_value_cny, assumed=assumed),
            cell(value.annual_cash_cny, assumed=assumed),
            Cell(item.pledge.loan_id or None),
            Cell(item.pledge.pledged_share),
            Cell(value.valuation_id),
        )
    )


def _total_row(columns: tuple[Column, ...], totals: dict[int, float]) -> Row:
    cells = [Cell(totals.get(i, "" if c.kind is ColumnKind.TEXT else None)) for i, c in enumerate(columns)]
    return Row((Cell(label("row.total")), *cells[1:]), is_total=True)


def _failure_table(failures: tuple[Failure, ...]) -> Table:
    return Table(
        label("title.refresh_failures"),
        (column("pledge"), column("code"), column("message", is_long_text=True)),
        tuple(
            Row(
                (
                    Cell(item.asset_id, Mark.FLAGGED),
                    Cell(Bilingual(status_zh(item.code), item.code)),
                    Cell(item.message),
                )
            )
            for item in failures
        ),
    )


def _caution_section(result: RefreshResult) -> Section:
    found = findings_of("title.refresh_cautions", _subjects(result))
    return Section(
        "cautions",
        label("section.refresh_cautions"),
        label("sheet.refresh_cautions").zh,
        found or (Paragraph(label("text.refresh_no_cautions")),),
    )


def _subjects(result: RefreshResult) -> list[tuple[str, Caution]]:
    """Cautions; what many pledges share in the same words stands once, with all of them as its subject."""
    subjects: defaultdict[Caution, list[str]] = defaultdict(list)
    for about, caution in result.cautions():
        subjects[caution].append(about)
    return [(_named(about), caution) for caution, about in subjects.items()]


def _named(subjects: Iterable[str]) -> str:
    """Subjects side by side, each once; of many the first and how many there are."""
    names = list(dict.fromkeys(subjects))
    if len(names) <= _NAMED_TOGETHER:
        return "、".join(names)
    return f"{'、'.join(names[:_NAMED_TOGETHER])} 等 {len(names):,} 项 (and {len(names) - _NAMED_TOGETHER:,} more)"


def _account_section(result: RefreshResult) -> Section:
    reconciliation = result.accounts.reconciliation
    return Section(
        "account",
        label("section.account"),
        label("sheet.account").zh,
        (
            Paragraph(label("text.refresh_account")),
            class_table(reconciliation),
            line_table(reconciliation),
        ),
    )


def _assumption_section(result: RefreshResult) -> Section:
    used_by: defaultdict[str, list[str]] = defaultdict(list)
    for value in result.valuations():
        for assumption in value.assumptions:
            used_by[assumption].append(value.asset_id)
    table = Table(
        label("title.refresh_assumptions"),
        (column("assumption", is_long_text=True), column("used_by_pledges")),
        tuple(
            Row((Cell(valuation_assumption(assumption), Mark.ASSUMPTION), Cell(_named(pledges))))
            for assumption, pledges in used_by.items()
        ),
    )
    return Section(
        "assumptions",
        label("section.refresh_assumptions"),
        label("sheet.refresh_assumptions").zh,
        (Paragraph(label("text.refresh_assumptions")), table),
    )
