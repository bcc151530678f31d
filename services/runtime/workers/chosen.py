"""From the settings to the workers that simulate: none, which means threads of the server, or a Dask cluster."""

from collections.abc import Iterator
from contextlib import contextmanager

from services.runtime.settings import Settings
from services.runtime.workers.port import PathWorkers


@contextmanager
def workers_from(settings: Settings) -> Iterator[PathWorkers | None]:
    """The workers that the settings name, until the block ends; nothing is connected before the first simulation."""
    if settings.dask_scheduler is None:
        yield None
        return
    from services.runtime.workers.on_dask import DaskWorkers  # noqa: PLC0415  # only where a cluster is named

    workers = DaskWorkers(settings.dask_scheduler)
    try:
        yield workers
    finally:
        workers.close()
