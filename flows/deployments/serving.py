"""The deployments of prefect.yaml, ready to be served."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.deployments.entries import PREFECT_YAML, read_entries
from services.runtime.errors import FieldViolation, InvalidInput

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment


def read_deployments(path: Path = PREFECT_YAML) -> "list[RunnerDeployment]":
    """The deployments of a prefect.yaml, ready to be served.

    Raises:
        InvalidInput: if the file is missing or a deployment is wrong, naming it.
    """
    from prefect import Flow  # noqa: PLC0415  # Prefect reads its settings at import
    from prefect.flows import load_flow_from_entrypoint  # noqa: PLC0415
    from prefect.schedules import Cron  # noqa: PLC0415

    entries = read_entries(path)
    deployments: list[RunnerDeployment] = []
    violations: list[FieldViolation] = []
    for i, entry in enumerate(entries):
        try:
            found: Flow[Any, Any] = load_flow_from_entrypoint(entry["entrypoint"])
            deployment = found.to_deployment(
                name=entry["name"],
                description=entry.get("description"),
                tags=entry.get("tags"),
                schedules=[
                    Cron(schedule["cron"], timezone=schedule.get("timezone"))
                    for schedule in entry.get("schedules", ())
                ],
                parameters=entry.get("parameters"),
                concurrency_limit=entry.get("concurrency_limit"),
            )
            found.validate_parameters(entry.get("parameters") or {})
            deployments.append(deployment)  # type: ignore[arg-type]  # synchronous outside of an event loop
        except Exception as error:  # noqa: BLE001  # whatever is wrong with one entry is told with the others
            violations.append(FieldViolation(f"{path}: deployments[{i}]", f"{type(error).__name__}: {error}"))
    if violations:
        raise InvalidInput.from_violations(violations)
    return deployments
