"""Loans that the new values moved through a level: as a section, as rows of a table, as lines for Prefect's page."""

from collections.abc import Iterable, Sequence
from typing import Any

from flows.refresh.pledge_events import LevelChange
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import column
from flows.reports.document import Block, Cell, ColumnKind, Mark, Paragraph, Row, Section, Table
from flows.reports.labels import label
from services.loans.pledges.levels import PledgeLevel

SHOWN_ON_PREFECTS_PAGE = 20
EVENT_COLUMNS = (
    "event_number",
    "loan_id",
    "as_of",
    "recorded_at",
    "before",
    "after",
    "balance_cny",
    "value_before_cny",
    "value_after_cny",
    "loan_to_value_after",
)


def event_section(changes: Sequence[LevelChange]) -> Section:
    """The chapter of the report."""
    blocks: tuple[Block, ...] = (Paragraph(label("text.refresh_no_events")),)
    if changes:
        blocks = (Paragraph(label("text.refresh_events")), _table(changes))
    return Section("events", label("section.refresh_events"), label("sheet.refresh_events").zh, blocks)


def event_rows(changes: Iterable[LevelChange]) -> list[dict[str, Any]]:
    """Rows of events.csv; what is not known is empty."""
    return [
        {
            "event_number": change.event_number,
            "loan_id": change.loan_id,
            "as_of": change.as_of,
            "recorded_at": change.recorded_at,
            "before": change.before or "",
            "after": change.after,
            "balance_cny": change.balance_cny,
            "value_before_cny": "" if change.value_before_cny is None else change.value_before_cny,
            "value_after_cny": change.value_after_cny,
            "loan_to_value_after": "" if change.loan_to_value is None else change.loan_to_value,
        }
        for change in changes
    ]


def event_lines(changes: Sequence[LevelChange]) -> list[str]:
    """A list in Markdown; a long one is cut and says so."""
    shown = [f"- `{change.loan_id}` {words_of(change)}" for change in changes[:SHOWN_ON_PREFECTS_PAGE]]
    rest = len(changes) - SHOWN_ON_PREFECTS_PAGE
    return [*(shown or ["无 none"]), *([f"- 另有 {rest} 条，见 events.csv"] if rest > 0 else [])]


def words_of(change: LevelChange) -> str:
    """A change in one line, both languages: levels, loan to value."""
    before, after = level_name(change.before), level_name(change.after)
    ratio = "—" if change.loan_to_value is None else f"{change.loan_to_value:.1%}"
    return (
        f"{before.zh} → {after.zh}，抵押率 {ratio} · {before.en} → {after.en}, loan to value {ratio}, "
        f"balance {change.balance_cny / 1e4:,.2f} 万元"
    )


def level_name(level: PledgeLevel | None) -> Bilingual:
    """A level in both languages; one before the first known value is not known."""
    return label(f"level.{level or 'unknown'}")


def _table(changes: Sequence[LevelChange]) -> Table:
    columns = (
        column("event_loan"),
        column("level_before"),
        column("level_after"),
        column("event_loan_to_value", ColumnKind.PERCENT),
        column("event_level", ColumnKind.PERCENT),
        column("event_balance", ColumnKind.WAN),
        column("event_value_before", ColumnKind.WAN),
        column("event_value_after", ColumnKind.WAN),
    )
    rows = [
        Row(
            (
                Cell(change.loan_id),
                Cell(level_name(change.before)),
                Cell(level_name(change.after), Mark.FLAGGED if change.is_worse else Mark.PLAIN),
                Cell(change.loan_to_value),
                Cell(
                    change.level_reached, Mark.ASSUMPTION if change.level_reached is not None else Mark.PLAIN
                ),
                Cell(change.balance_cny),
                Cell(change.value_before_cny),
                Cell(change.value_after_cny),
            )
        )
        for change in changes
    ]
    return Table(label("title.refresh_events"), columns, tuple(rows))
