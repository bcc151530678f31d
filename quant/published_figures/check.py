"""What a published figure beside ours is, and how the text of a row is read."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

Row: TypeAlias = Mapping[str, str]
NUMBER = r"\d+(?:\.\d+)?"


@dataclass(frozen=True, slots=True)
class Check:
    """A published figure beside the one computed here.

    Attributes:
        case: What is computed, with its inputs.
        expected: Published figure.
        got: Figure computed here, in the same unit.
        tolerance: Largest absolute difference that is accepted.
        source: Where the figure was published.
    """

    case: str
    expected: float
    got: float
    tolerance: float
    source: str

    @property
    def passed(self) -> bool:
        """Whether the figures agree; a nan never does."""
        return abs(self.got - self.expected) <= self.tolerance


RowCheck: TypeAlias = Callable[[Row], Iterator[Check]]


def checked(
    row: Row, case: str, expected: str, got: float | np.ndarray, tolerance: str | None = None
) -> Check:
    """The check of a row, with its own tolerance unless another is given."""
    allowed = row["tolerance"] if tolerance is None else tolerance
    return Check(case, float(expected), float(got), float(allowed), row["source"])


def inputs_of(row: Row, names: Sequence[str]) -> str:
    """The named columns that hold something, as text."""
    return ", ".join(f"{name} {row[name]}" for name in names if row[name] != "")


def stated_number(name: str, text: str) -> float:
    """Return the number that follows a name in a free-text list of inputs."""
    found = re.search(rf"\b{re.escape(name)}\s*({NUMBER})", text)
    if found is None:
        raise ValueError(f"inputs: found {text!r}, expected a number after {name!r}")
    return float(found[1])
