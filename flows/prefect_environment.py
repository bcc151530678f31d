"""Settings that Prefect reads at import: nothing is sent anywhere, logs are quiet, its files are the project's."""

import os
from collections.abc import MutableMapping
from pathlib import Path

# A machine of two cores under load takes more than Prefect's own 20 s to start its temporary server.
STARTUP_TIMEOUT_S = 60
_ALWAYS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}
_QUIET = {
    # What goes wrong is told by whoever called the flow, in a sentence; the traceback above it is for -v.
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_ROOT_LEVEL": "CRITICAL",
    # A temporary server that stops in the middle of its own housekeeping says so in long tracebacks.
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
}
_VERBOSE = {
    "PREFECT_LOGGING_LEVEL": "INFO",
    "PREFECT_LOGGING_ROOT_LEVEL": "WARNING",
    "PREFECT_SERVER_LOGGING_LEVEL": "ERROR",
}


def prepare_prefect(
    *, verbose: bool = False, home: Path | None = None, environment: MutableMapping[str, str] | None = None
) -> None:
    """Prepare the environment; call it before Prefect is imported.

    With `PREFECT_API_URL` set, a standing server is used; without it `flows.prefect_server` starts one. What the
    user set stays as it is, apart from the two switches that keep Prefect from reporting usage.

    Args:
        verbose: show Prefect's logs of the flow and its tasks.
        home: folder of Prefect's database and settings; var/prefect below the working folder unless given.
        environment: os.environ unless given.
    """
    target = os.environ if environment is None else environment
    target.update(_ALWAYS)
    defaults = {
        "PREFECT_HOME": str((Path("var/prefect") if home is None else home).resolve()),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": str(STARTUP_TIMEOUT_S),
        **(_VERBOSE if verbose else _QUIET),
    }
    for name, value in defaults.items():
        target.setdefault(name, value)
    # Prefect's temporary server waits in vain for a database in a folder that is not there.
    Path(target["PREFECT_HOME"]).mkdir(parents=True, exist_ok=True)
