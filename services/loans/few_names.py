"""Lists of names in sentences: the first few, and how many more there are."""

from collections.abc import Sequence

_IN_A_CAUTION, _IN_AN_ERROR = 3, 5


def few(names: Sequence[str]) -> str:
    """As a caution names them: `L1, L2, L3 (+4)`, the same in both languages."""
    more = len(names) - _IN_A_CAUTION
    return ", ".join(names[:_IN_A_CAUTION]) + (f" (+{more})" if more > 0 else "")


def few_quoted(names: Sequence[str]) -> str:
    """As an error names them: `'L1', 'L2' and 4 more`."""
    more = len(names) - _IN_AN_ERROR
    return ", ".join(map(repr, names[:_IN_AN_ERROR])) + (f" and {more} more" if more > 0 else "")
