"""Moments: as text by RFC 3339 in UTC, and as a database gives them back."""

import datetime as dt

from services.runtime.errors import InvalidInput


def moment_of(text: str, field: str = "") -> dt.datetime:
    """The moment of a text, in UTC.

    Args:
        text: RFC 3339, with a time zone.
        field: what the text was given for.

    Raises:
        InvalidInput: the text is none, or has no time zone.
    """
    try:
        moment = dt.datetime.fromisoformat(text)
        # Without a zone it would be taken for the machine's own.
        found = None if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise InvalidInput.of(field, f"found {text[:40]!r}, expected a moment such as 2026-10-15T18:00+08:00")
    return found


def text_of_moment(moment: dt.datetime) -> str:
    """A moment to the microsecond; texts sort in order of time, on every database alike.

    Raises:
        InvalidInput: the moment has no time zone, so that it is none.
    """
    if moment.tzinfo is None:
        raise InvalidInput.of("moment", f"found {moment.isoformat()} without time zone, expected one")
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def stored_moment(moment: dt.datetime) -> dt.datetime:
    """A moment in UTC as a column with time zone gives it back: SQLite keeps the digits and drops the zone."""
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
