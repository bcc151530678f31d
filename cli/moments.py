"""Moments and quarters as options of commands."""

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.loans.statistics.quarter import Quarter


def moment_of(option: str, text: str | None) -> dt.datetime | None:
    """The moment of an option.

    Raises:
        InvalidInput: it is none.
    """
    from services.runtime.moments import moment_of

    return None if text is None else moment_of(text, option)


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
