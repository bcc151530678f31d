"""Whether what an asset marks as assumptions are fields that it has: a misspelt path would mark nothing."""

import difflib
import re
from collections.abc import Iterator
from typing import Any

from services.runtime.violations import Violations

_STEP = re.compile(r"(?P<name>[a-z0-9_]+)(\[(?P<index>\d{1,6})\])?")
_LONGEST_SHOWN = 64
_NOT_INPUTS = {"asset_id", "assumed_fields"}
_DEEPEST = 8


def check_assumed_fields(asset: Any, at: Violations) -> None:
    """Note every path of `assumed_fields` that names no field of the asset.

    Args:
        asset: message Asset of the contract.
        at: of the asset.
    """
    known: list[str] | None = None
    for i, path in enumerate(asset.assumed_fields):
        if _exists(asset, path):
            continue
        if known is None:
            known = list(_paths(asset))
        near = difflib.get_close_matches(path[:_LONGEST_SHOWN], known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ", such as " + ", ".join(known[-2:])
        found = repr(path[:_LONGEST_SHOWN])
        at.add(f"assumed_fields[{i}]", f"found {found}, expected the path of a field of the asset{hint}")


def _exists(message: Any, path: str) -> bool:
    """Whether a path leads to a field; of a list without an index every element is meant."""
    first, dot, rest = path.partition(".")
    step = _STEP.fullmatch(first)
    if step is None or (dot and rest == "") or not _is_input(message, step["name"]):
        return False
    field, value = message.DESCRIPTOR.fields_by_name[step["name"]], getattr(message, step["name"])
    if field.is_repeated:
        if step["index"] is not None and int(step["index"]) >= len(value):
            return False
        if rest == "":
            return True
        of = value if step["index"] is None else value[int(step["index"]) : int(step["index"]) + 1]
        return field.message_type is not None and any(_exists(item, rest) for item in of)
    if step["index"] is not None:
        return False
    return rest == "" or (field.message_type is not None and _exists(value, rest))


def _is_input(message: Any, name: str) -> bool:
    """Whether a message has a field: of alternatives, the one that is chosen."""
    field = message.DESCRIPTOR.fields_by_name.get(name)
    if field is None or name in _NOT_INPUTS:
        return False
    chosen = field.containing_oneof
    return chosen is None or len(chosen.fields) == 1 or message.WhichOneof(chosen.name) == name


def _paths(message: Any, depth: int = 0) -> Iterator[str]:
    """Paths of the fields of a message, lists without index, the ones it holds last."""
    for field in message.DESCRIPTOR.fields:
        if not _is_input(message, field.name):
            continue
        yield field.name
        value = getattr(message, field.name)
        of = value[0] if field.is_repeated and len(value) > 0 else value
        if field.message_type is not None and hasattr(of, "DESCRIPTOR") and depth < _DEEPEST:
            yield from (f"{field.name}.{path}" for path in _paths(of, depth + 1))
