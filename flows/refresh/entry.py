"""The refresh as a function: prepares Prefect, then runs the flow. Importing this module imports no Prefect."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from flows.prefect_environment import prepare_prefect
from services.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from flows.reports.refresh_report.summary import RefreshSummary


def refresh_valuations(
    accounts_dir: Path,
    target: str,
    as_of: dt.date,
    out_dir: Path,
    *,
    institution_id: str,
    loans_target: str = "",
    snapshot_id: str = "",
    batch_size: int | None = None,
    n_paths: int | None = None,
    verbose: bool = False,
) -> "RefreshSummary":
    """Read an accounts folder, value it through the services, push schedules to the loans, write the report.

    Killed half-way and started again with the same arguments, it finishes with nothing doubled.

    Args:
        accounts_dir: folder as docs/accounts-folder.md describes it.
        target: `host:port` of the valuation service.
        as_of: day of the valuation.
        out_dir: folder that receives the report.
        institution_id: whom the valuations belong to.
        loans_target: `host:port` of the loans service; `target` unless given.
        snapshot_id: market snapshot; the standard one unless given.
        batch_size: assets in one call of the service.
        n_paths: paths of the simulation; the service's own number unless given.
        verbose: show Prefect's logs.

    Raises:
        InvalidInput: with everything that is wrong with the folder; nothing was sent to a service then.
        Unavailable: if a service stays away through the retries.
    """
    prepare_prefect(verbose=verbose)
    from flows.refresh.request import BATCH_SIZE  # noqa: PLC0415

    # A wrong folder is told at once, before a Prefect server is started for it.
    _check(accounts_dir, as_of, out_dir)
    from flows.prefect_server import prefect_server_for_flows  # noqa: PLC0415
    from flows.refresh.flow import refresh_valuations as flow  # noqa: PLC0415  # imports Prefect

    with prefect_server_for_flows():
        return flow(
            str(accounts_dir),
            target,
            as_of,
            str(out_dir),
            institution_id=institution_id,
            loans_target=loans_target,
            snapshot_id=snapshot_id,
            batch_size=BATCH_SIZE if batch_size is None else batch_size,
            n_paths=n_paths,
        )


def _check(accounts_dir: Path, as_of: dt.date, out_dir: Path) -> None:
    """Read the folder once; what is wrong is kept in quarantine.

    Raises:
        InvalidInput: with everything that is wrong, and a note that says where it is kept.
    """
    from flows.accounts.folder import read_accounts  # noqa: PLC0415  # loads pandas
    from flows.accounts.problems import in_folder  # noqa: PLC0415
    from flows.accounts.quarantine import quarantine  # noqa: PLC0415

    with in_folder(accounts_dir):
        try:
            read_accounts(accounts_dir, as_of)
        except InvalidInput as error:
            kept = quarantine(error, accounts_dir, out_dir)
            error.add_note(f"what was refused is kept in {kept.folder} · 被退回的内容已隔离保存")
            raise
