"""What a finished refresh tells Prefect, so that an automation can send it on."""

import dataclasses
import uuid
from typing import Any

from prefect.events import emit_event

from flows.refresh.pledge_events import LevelChange
from flows.reports.refresh_report.summary import RefreshSummary

FINISHED = "ecopledge.refresh.finished"
NEEDS_ATTENTION = "ecopledge.refresh.needs-attention"
LEVEL_CROSSED = "ecopledge.pledge.level-crossed"
# A market that falls moves thousands of loans; the event of the refresh tells their number, the report all of them.
MOST_LEVEL_EVENTS = 200
_EVENTS_OF_LOANS = uuid.UUID("3d2a8f0e-5a0e-4b58-9d1f-6f0c2b9f4a11")


def notify(summary: RefreshSummary) -> None:
    """Emit an event for each loan that crossed a level, worst first, and one that the refresh finished.

    An automation on `ecopledge.refresh.needs-attention` writes to whom it concerns; docs/flows.md shows one. A run
    that was killed before it told is started again and tells; the id of an event is that of the crossing, so a
    repeat tells nothing twice.
    """
    institution = {
        "prefect.resource.id": f"ecopledge.institution.{summary.institution_id}",
        "prefect.resource.name": summary.institution_id,
    }
    for change in summary.level_changes[:MOST_LEVEL_EVENTS]:
        emit_event(
            event=LEVEL_CROSSED,
            resource={
                "prefect.resource.id": f"ecopledge.loan.{change.loan_id}",
                "prefect.resource.name": change.loan_id,
                "ecopledge.level": change.after,
            },
            related=[{"prefect.resource.role": "institution", **institution}],
            payload={**dataclasses.asdict(change), "is_worse": change.is_worse},
            id=_id_of(summary, change),
        )
    emit_event(
        event=NEEDS_ATTENTION if _needs_attention(summary) else FINISHED,
        resource=institution,
        payload=_payload(summary),
    )


def _needs_attention(summary: RefreshSummary) -> bool:
    worse = any(change.is_worse for change in summary.level_changes)
    return bool(summary.failed or summary.loans_missing) or worse


def _id_of(summary: RefreshSummary, change: LevelChange) -> uuid.UUID:
    """The same for the same crossing in every run."""
    what = f"{summary.institution_id}/{change.event_number}/{change.loan_id}/{change.recorded_at}"
    return uuid.uuid5(_EVENTS_OF_LOANS, what)


def _payload(summary: RefreshSummary) -> dict[str, Any]:
    return {
        "as_of": summary.as_of,
        "key": summary.key,
        "pledges": summary.pledges,
        "valued": summary.valued,
        "reused": summary.reused,
        "failed": sorted(summary.failed),
        "collateral_created": summary.collateral_created,
        "collateral_updated": summary.collateral_updated,
        "levels_crossed_worse": sum(change.is_worse for change in summary.level_changes),
        "levels_crossed_better": sum(not change.is_worse for change in summary.level_changes),
        "loans_missing": list(summary.loans_missing),
        "report": summary.files.get("html", ""),
    }
