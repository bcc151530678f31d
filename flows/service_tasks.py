"""Tasks that call a service: tried again only where it was not there or busy.

A call that was too slow is not: the next one would take as long and, until then, keep the service from others.

Importing this module imports Prefect; call `flows.prefect_environment.prepare_prefect` before.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from prefect import Task
from prefect.cache_policies import NO_CACHE

from services.runtime.errors import Unavailable

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State, TaskRun

P = ParamSpec("P")
R = TypeVar("R")

RETRIES = 4
RETRY_DELAYS_S = [0.5, 2.0, 5.0, 10.0]


def service_task(name: str, step: Callable[P, R]) -> "Task[P, R]":
    """A step as a task: nothing of it is cached by Prefect, since the services know what they have done."""
    return Task(
        fn=step,
        name=name,
        retries=RETRIES,
        retry_delay_seconds=RETRY_DELAYS_S,
        retry_condition_fn=is_transient,
        cache_policy=NO_CACHE,
    )


def is_transient(_task: "Task[..., Any]", _run: "TaskRun", state: "State[Any]") -> bool:
    """Whether a failed task may succeed later; nothing else is retried."""
    try:
        state.result()
    except Unavailable:
        return True
    except Exception:  # noqa: BLE001  # whatever else it was, it is for the user to see
        return False
    return False
