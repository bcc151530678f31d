"""Published targets of a place, as data/policy_targets.csv has them."""

import csv
from dataclasses import dataclass
from pathlib import Path

from services.runtime.bundled import BUNDLED_DATA
from services.runtime.errors import FieldViolation, InvalidInput

TARGETS_CSV = BUNDLED_DATA / "policy_targets.csv"
HEADER = ("place", "indicator", "year", "value", "unit", "source")


@dataclass(frozen=True, slots=True)
class PolicyTarget:
    """One target as it was published.

    Attributes:
        place, indicator: as published.
        year: by the end of which it is to be met.
        value: in `unit`.
        source: where it was published.
    """

    place: str
    indicator: str
    year: int
    value: float
    unit: str
    source: str


def read_targets(path: Path = TARGETS_CSV) -> tuple[PolicyTarget, ...]:
    """Targets in the order of the file; "same" as a source means that of the line before.

    Raises:
        InvalidInput: naming file, row, found and expected.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    if not rows or tuple(rows[0]) != HEADER:
        found = rows[0] if rows else "nothing"
        raise InvalidInput.of(f"{path}, row 1", f"found {found}, expected {','.join(HEADER)}")
    targets: list[PolicyTarget] = []
    violations: list[FieldViolation] = []
    for number, cells in enumerate(rows[1:], start=2):
        try:
            place, indicator, year, value, unit, source = (cell.strip() for cell in cells)
            cited = targets[-1].source if source == "same" and targets else source
            targets.append(PolicyTarget(place, indicator, int(year), float(value), unit, cited))
        except ValueError:
            expected = "expected place, indicator, year, value, unit and source, year and value being numbers"
            violations.append(FieldViolation(f"{path}, row {number}", f"found {cells}, {expected}"))
    if violations:
        raise InvalidInput.from_violations(violations)
    return tuple(targets)


def targets_of(place: str, targets: tuple[PolicyTarget, ...]) -> tuple[PolicyTarget, ...]:
    """The targets of a place; a place without any is known to have none.

    Raises:
        InvalidInput: if the place is empty.
    """
    if not place.strip():
        raise InvalidInput.of("place", "found nothing, expected a place such as 张掖市")
    return tuple(target for target in targets if target.place == place.strip())
