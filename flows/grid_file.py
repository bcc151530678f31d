"""TOML files that ask for a grid of scenarios: read into their form, every mistake named with file and place."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from services.runtime.errors import FieldViolation, InvalidInput
from services.runtime.toml_file import decode_toml
from services.runtime.violations import Violations

T = TypeVar("T", bound=msgspec.Struct)
LONGEST_NAME = 64


def read_grid_file(path: Path, form: type[T], check: Callable[[T, Violations], None]) -> T:
    """The grid of a file.

    Raises:
        InvalidInput: the file is missing or wrong, with every place.
    """
    grid = decode_toml(path, form)
    violations = Violations()
    check(grid, violations)
    if violations.found:
        raise InvalidInput.from_violations(
            FieldViolation(f"{path}: {item.field}", item.description) for item in violations.found
        )
    return grid


def require_names(field: str, names: Sequence[str], at: Violations) -> None:
    """Note names that are empty, too long or there twice."""
    for i, name in enumerate(names):
        at.require(
            0 < len(name) <= LONGEST_NAME,
            f"{field}[{i}]",
            f"found {name!r}, expected 1 to {LONGEST_NAME} characters",
        )
        at.require(name not in names[:i], f"{field}[{i}]", f"found {name!r} again, expected each once")


def unknown_name(field: str, name: str, known: Sequence[str]) -> InvalidInput:
    """The error about a name that nothing has."""
    return InvalidInput.of(field, f"found {name!r}, expected one of {', '.join(known)}")
