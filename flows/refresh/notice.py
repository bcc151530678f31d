"""What a finished refresh tells Prefect, so that an automation can send it on."""

from typing import Any

from prefect.events import emit_event

from flows.reports.refresh_report.summary import RefreshSummary

FINISHED = "ecopledge.refresh.finished"
NEEDS_ATTENTION = "ecopledge.refresh.needs-attention"


def notify(summary: RefreshSummary) -> None:
    """Emit one event: that a refresh finished, or that it finished and somebody should look.

    An automation on `ecopledge.refresh.needs-attention` writes to whom it concerns; docs/flows.md shows one.
    """
    name = NEEDS_ATTENTION if summary.failed or summary.loans_missing else FINISHED
    emit_event(
        event=name,
        resource={
            "prefect.resource.id": f"ecopledge.institution.{summary.institution_id}",
            "prefect.resource.name": summary.institution_id,
        },
        payload=_payload(summary),
    )


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
        "loans_missing": list(summary.loans_missing),
        "report": summary.files.get("html", ""),
    }
