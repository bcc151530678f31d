"""What msgspec says of a value of the wrong type, with the place as people write it and what was found there."""

import re
from typing import Any

import msgspec

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_LONGEST = 60


def place_and_words(error: msgspec.ValidationError, content: Any) -> tuple[str, str]:
    """The place below the content, such as "years[2].wages_cny" ("" for the whole), and what is wrong there.

    Args:
        error: "Expected `float`, got `str` - at `$.rate`".
        content: tables and lists that were converted.
    """
    text, _, where = str(error).partition(" - at `$")
    where = where.rstrip("`")
    words = text[0].lower() + text[1:]
    is_there, found = _at(content, where)
    if is_there and isinstance(found, (str, int, float, bool)):
        shown = repr(found)
        words += f" {shown if len(shown) <= _LONGEST else shown[:_LONGEST] + '…'}"
    return where.removeprefix("."), words


def _at(content: Any, where: str) -> tuple[bool, Any]:
    """Whether the content has the place, and what stands there."""
    steps = list(_STEP.finditer(where))
    if "".join(step.group(0) for step in steps) != where:
        return False, None
    for step in steps:
        name, position = step.groups()
        try:
            content = content[name] if position is None else content[int(position)]
        except (KeyError, IndexError, TypeError):
            return False, None
    return True, content
