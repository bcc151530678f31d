"""Which failures of a step are tried again."""

from typing import Any

import pytest

from flows.prefect_environment import prepare_prefect
from services.runtime.errors import DeadlineExceeded, InvalidInput, Unavailable, Unreachable

# What the condition is asked with but does not look at.
NO_TASK: Any = None


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (Unavailable("the database is busy"), True),
        (Unreachable("failed to connect"), True),
        (DeadlineExceeded("no answer within the deadline"), False),
        (InvalidInput("found -1"), False),
    ],
)
def test_only_a_service_that_is_away_or_busy_is_asked_again(error: Exception, *, again: bool) -> None:
    prepare_prefect(verbose=False)
    from prefect.states import Failed

    from flows.service_tasks import is_transient

    assert is_transient(NO_TASK, NO_TASK, Failed(data=error)) is again
