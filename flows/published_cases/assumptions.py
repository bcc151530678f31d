"""The stated, editable assumptions under which a case is valued although a published fact is missing."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

from flows.published_cases.case import CollateralKind
from flows.published_cases.case_inputs import CASE_INPUTS
from services.runtime.errors import FieldViolation, InvalidInput

ALL_KINDS = "all"


class Assumption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One assumption; never a published fact.

    Attributes:
        value: a number in `unit`, or a name.
        unit: as in `CASE_INPUTS`; empty for a name.
        reason_zh, reason_en: why this value, and what the basis is.
        illustrative: whether it stands for the size of the pledge itself, so that the value says nothing about
            the pledge, only how large the pledge would have to be.
    """

    value: float | str
    unit: str
    reason_zh: str
    reason_en: str
    illustrative: bool = False


class CaseTreatment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one case is treated.

    Attributes:
        treatment: "value", or "not_valued" where no assumption would be sensible.
        note_zh, note_en: why.
        missing: names of the inputs that are missing; only for "not_valued".
        inputs: assumptions that replace those of the kind.
    """

    treatment: str
    note_zh: str
    note_en: str
    missing: tuple[str, ...] = ()
    inputs: dict[str, Assumption] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assumptions:
    """The whole file: defaults by kind ("all" for every kind) and what differs for each case."""

    defaults: dict[str, dict[str, Assumption]]
    cases: dict[str, CaseTreatment]

    def find(self, case_id: str, kind: CollateralKind, name: str) -> Assumption | None:
        """The assumption for an input: the case's own, else its kind's, else that of all kinds."""
        treatment = self.cases.get(case_id)
        scopes = (
            {} if treatment is None else treatment.inputs,
            self.defaults.get(kind, {}),
            self.defaults.get(ALL_KINDS, {}),
        )
        return next((scope[name] for scope in scopes if name in scope), None)


class _Sections(msgspec.Struct, forbid_unknown_fields=True):
    """The file before its sections are read one by one, so that a complaint can name the section."""

    defaults: dict[str, object]
    cases: dict[str, object]


T = TypeVar("T")


@dataclass(slots=True)
class _Check:
    """Walks the file, turns its sections into values and notes what is wrong."""

    path: Path
    violations: list[FieldViolation] = field(default_factory=list)

    def section(self, place: str, content: object, wanted: type[T]) -> T | None:
        """The section as a value, or None with a violation that names its place."""
        try:
            return msgspec.convert(content, wanted)
        except msgspec.ValidationError as error:
            self.add(place, str(error))
            return None

    def assumptions(self, place: str, content: object) -> dict[str, Assumption]:
        entries = self.section(place, content, dict[str, object]) or {}
        read = {name: self.section(f"{place}.{name}", entry, Assumption) for name, entry in entries.items()}
        return {name: assumption for name, assumption in read.items() if assumption is not None}

    def treatment(self, place: str, content: object) -> CaseTreatment | None:
        entries = dict(self.section(place, content, dict[str, object]) or {})
        inputs = self.assumptions(f"{place}.inputs", entries.pop("inputs", {}))
        treatment = self.section(place, entries, CaseTreatment)
        return None if treatment is None else msgspec.structs.replace(treatment, inputs=inputs)

    def add(self, place: str, description: str) -> None:
        self.violations.append(FieldViolation(f"{self.path}, [{place}]", description))

    def defaults(self, defaults: dict[str, dict[str, Assumption]]) -> None:
        scopes = (ALL_KINDS, *CollateralKind)
        for scope, inputs in defaults.items():
            if scope not in scopes:
                self.add(f"defaults.{scope}", f"found {scope}, expected one of {', '.join(scopes)}")
            for name, assumption in inputs.items():
                self.assumption(f"defaults.{scope}.{name}", name, assumption)

    def case(self, case_id: str, treatment: CaseTreatment) -> None:
        place = f"cases.{case_id}"
        if treatment.treatment not in ("value", "not_valued"):
            self.add(place, f"treatment: found {treatment.treatment!r}, expected value or not_valued")
        if (treatment.treatment == "not_valued") != bool(treatment.missing):
            self.add(
                place, "missing: expected names exactly where treatment is not_valued, "
                f"found treatment {treatment.treatment!r} with {list(treatment.missing)}",
            )  # fmt: skip
        if not treatment.note_zh.strip() or not treatment.note_en.strip():
            self.add(place, "note_zh or note_en: is empty, expected why the case is treated so")
        for name in treatment.missing:
            if name not in CASE_INPUTS:
                self.add(place, f"missing: found {name}, expected names of {', '.join(CASE_INPUTS)}")
        for name, assumption in treatment.inputs.items():
            self.assumption(f"{place}.inputs.{name}", name, assumption)

    def assumption(self, place: str, name: str, assumption: Assumption) -> None:
        known = CASE_INPUTS.get(name)
        if known is None:
            self.add(place, f"found {name}, expected one of {', '.join(CASE_INPUTS)}")
            return
        if assumption.unit != known.unit:
            self.add(place, f"unit: found {assumption.unit!r}, expected {known.unit!r}")
        if not assumption.reason_zh.strip() or not assumption.reason_en.strip():
            self.add(place, "reason_zh or reason_en: is empty, expected why this value was assumed")
        if known.low is None or known.high is None:
            self._name(place, assumption.value, known.choices)
        elif isinstance(assumption.value, str) or not known.low <= assumption.value <= known.high:
            self.add(
                place, f"value: found {assumption.value!r}, expected a number from {known.low:g} to {known.high:g}"
            )  # fmt: skip

    def _name(self, place: str, value: float | str, choices: tuple[str, ...]) -> None:
        if not isinstance(value, str) or not value.strip() or (choices and value not in choices):
            self.add(place, f"value: found {value!r}, expected {' or '.join(choices) or 'a name'}")


def read_assumptions(path: Path) -> Assumptions:
    """Reads the assumptions.

    Raises:
        InvalidInput: file missing, not TOML, or anything in it unknown, out of range, in another unit or without
            a reason; names the file and the section.
    """
    if not path.is_file():
        raise InvalidInput.of(str(path), "no such file, expected the assumptions in TOML")
    try:
        content = msgspec.toml.decode(path.read_bytes(), type=_Sections)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise InvalidInput.of(str(path), str(error)) from error
    check = _Check(path)
    defaults = {
        scope: check.assumptions(f"defaults.{scope}", section) for scope, section in content.defaults.items()
    }
    treatments = {
        case_id: check.treatment(f"cases.{case_id}", section) for case_id, section in content.cases.items()
    }
    cases = {case_id: treatment for case_id, treatment in treatments.items() if treatment is not None}
    check.defaults(defaults)
    for case_id, treatment in cases.items():
        check.case(case_id, treatment)
    if check.violations:
        raise InvalidInput.from_violations(check.violations)
    return Assumptions(defaults, cases)
