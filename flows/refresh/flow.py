"""The refresh as a Prefect flow: few, large tasks that hand over small summaries.

Importing this module imports Prefect; `flows.refresh.entry` does so after `prepare_prefect`.
"""

import datetime as dt
from pathlib import Path

from prefect import flow
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows.accounts.quarantine import quarantine
from flows.refresh.job import BatchSummary, RefreshJob
from flows.refresh.notice import notify
from flows.refresh.request import BATCH_SIZE, RefreshRequest
from flows.reports.refresh_report.artifact import batch_rows, markdown
from flows.reports.refresh_report.summary import RefreshSummary, summarise
from flows.reports.refresh_report.tables import write
from flows.service_ports import Connect, Targets, connect_services
from flows.service_tasks import service_task
from services.runtime.errors import InvalidInput
from services.valuation.valuation import Simulation

ARTIFACT_KEY = "refresh-valuations"


@flow(name="refresh-valuations", validate_parameters=False, persist_result=False)
def refresh_valuations(
    accounts_dir: str,
    target: str,
    as_of: dt.date | str,
    out_dir: str,
    *,
    institution_id: str,
    loans_target: str = "",
    snapshot_id: str = "",
    batch_size: int = BATCH_SIZE,
    n_paths: int | None = None,
) -> RefreshSummary:
    """Read an accounts folder, value it, push schedules to the loans, publish an artifact, write the report.

    Args:
        accounts_dir: accounts folder.
        target: `host:port` of the valuation service.
        as_of: day of the valuation.
        out_dir: folder that receives the report.
        institution_id: whom the valuations belong to.
        loans_target: `host:port` of the loans service; `target` unless given.
        snapshot_id: market snapshot; the standard one unless given.
        batch_size: assets in one call of the service.
        n_paths: paths of the simulation; the service's own number unless given.

    Raises:
        InvalidInput: with everything that is wrong with the folder.
    """
    day = as_of if isinstance(as_of, dt.date) else dt.date.fromisoformat(as_of)
    simulation = Simulation() if n_paths is None else Simulation(n_paths=n_paths)
    request = RefreshRequest(
        Path(accounts_dir), day, Path(out_dir), institution_id, snapshot_id, batch_size, simulation
    )
    return compose(request, Targets(target, loans_target or target, institution_id), connect_services)


def compose(request: RefreshRequest, targets: Targets, connect: Connect) -> RefreshSummary:
    """The steps of the flow, as tasks; runs inside a flow."""
    with connect(targets) as services:
        job = RefreshJob(request, services)

        def read_accounts() -> int:
            try:
                return job.read()
            except InvalidInput as error:
                kept = quarantine(error, request.accounts_dir, request.out_dir)
                error.add_note(f"what was refused is kept in {kept.folder} · 被退回的内容已隔离保存")
                raise

        read = service_task("read and check accounts", read_accounts)
        value = service_task("value batch", job.value_batch)
        push = service_task("push collateral", job.push_batch)
        batches = []
        for batch in range(read()):
            batches.append(value(batch))
            push(batch)
        return _publish(job, batches)


def _publish(job: RefreshJob, batches: list[BatchSummary]) -> RefreshSummary:
    def report() -> RefreshSummary:
        result = job.result()
        paths = write(result, result.request.out_dir)
        summary = summarise(result, paths)
        create_markdown_artifact(
            markdown=markdown(result), key=ARTIFACT_KEY, description="Refreshed valuations"
        )
        create_table_artifact(table=batch_rows(batches), key=f"{ARTIFACT_KEY}-batches")
        return summary

    summary = service_task("write report", report)()
    notify(summary)
    return summary
