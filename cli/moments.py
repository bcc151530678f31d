"""Moments and quarters as options of commands."""

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.loans.statistics.quarter import Quarter


def moment_of(option: str, text: str) -> dt.datetime:
    """A moment with a time zone.

    Raises:
        InvalidInput: the text is none.
    """
    from services.runtime.errors import InvalidInput

    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidInput.of(option, f"found {text!r}, expected a moment such as 2026-10-15T18:00+08:00")
    return moment


def quarter_of(option: str, text: str) -> "Quarter":
    """A quarter.

    Raises:
        InvalidInput: the text is none.
    """
    from services.loans.statistics.quarter import Quarter
    from services.runtime.errors import InvalidInput

    try:
        return Quarter.read(text)
    except ValueError as error:
        raise InvalidInput.of(option, str(error)) from error
