"""Looks up the inputs of one case: the published fact where there is one, else the assumption, which it notes."""

from dataclasses import dataclass
from decimal import Decimal

from flows.published_cases.assumptions import Assumption, Assumptions
from flows.published_cases.case import PublishedCase
from flows.published_cases.case_inputs import CASE_INPUTS, CaseInput
from services.runtime.errors import FieldViolation, InvalidInput


@dataclass(frozen=True, slots=True)
class MissingInput:
    """An input that was not published.

    Attributes:
        case_input: which one.
        asset_field: path in the asset, such as "water_right.remaining_term_years"; empty for loan terms.
        assumption: what was assumed instead; None where nothing sensible can be.
    """

    case_input: CaseInput
    asset_field: str
    assumption: Assumption | None

    @property
    def is_decisive_for_value(self) -> bool:
        """Whether the pledge cannot be valued without it; terms of the loan and conventions are not decisive."""
        return bool(self.asset_field) and self.case_input.decisive

    @property
    def text_zh(self) -> str:
        """What is missing and what was assumed instead, Chinese."""
        if self.assumption is None:
            return f"缺：{self.case_input.label_zh}"
        return f"缺：{self.case_input.label_zh}；假设 {self._value}（{self.assumption.reason_zh}）"

    @property
    def text_en(self) -> str:
        """What is missing and what was assumed instead, English."""
        if self.assumption is None:
            return f"missing: {self.case_input.label_en}"
        return f"missing: {self.case_input.label_en}; assumed {self._value} ({self.assumption.reason_en})"

    @property
    def _value(self) -> str:
        if self.assumption is None or isinstance(self.assumption.value, str):
            return "" if self.assumption is None else str(self.assumption.value)
        return f"{self.assumption.value:,.10g} {self.assumption.unit}"


class CaseSheet:
    """The inputs of one case while it is turned into an asset and a loan.

    Attributes:
        case: the case.
        missing: every input that was asked for and not published, in the order asked.
    """

    def __init__(self, case: PublishedCase, assumptions: Assumptions) -> None:
        self.case = case
        self.missing: list[MissingInput] = []
        self._assumptions = assumptions
        self._asked: set[str] = set()

    def number(self, name: str, asset_field: str = "", published: Decimal | None = None) -> float:
        """A number in the unit of `CASE_INPUTS`: the published one, else the assumption.

        Raises:
            InvalidInput: neither published nor assumed.
        """
        self._asked.add(name)
        if published is not None:
            self._refuse_assumption(name, str(published))
            return float(published)
        value = self._assume(name, asset_field)
        if isinstance(value, str):
            raise TypeError(f"{name} is a name, not a number")
        return float(value)

    def text(self, name: str, asset_field: str = "", published: str | None = None) -> str:
        """A name: the published one, else the assumption.

        Raises:
            InvalidInput: neither published nor assumed.
        """
        self._asked.add(name)
        if published is not None:
            self._refuse_assumption(name, published)
            return published
        return str(self._assume(name, asset_field))

    def note_absent(self, name: str) -> None:
        """Notes an input for which nothing sensible can be assumed."""
        self.missing.append(MissingInput(CASE_INPUTS[name], "", None))

    def refuse_unused(self) -> None:
        """Ends the mapping.

        Raises:
            InvalidInput: the case has an assumption of its own that nothing asked for, so that an edit would
                silently change nothing.
        """
        own = self._own_inputs()
        if unused := [name for name in own if name not in self._asked]:
            raise InvalidInput.from_violations(
                FieldViolation(
                    self._place(name),
                    f"found an assumption that a {self.case.kind} case does not use, "
                    f"expected one of {', '.join(sorted(self._asked))}",
                )
                for name in unused
            )

    def _assume(self, name: str, asset_field: str) -> float | str:
        assumption = self._assumptions.find(self.case.case_id, self.case.kind, name)
        if assumption is None:
            raise InvalidInput.of(
                self._place(name), f"found nothing, expected an assumption: {name} was not published"
            )
        # One assumption may feed two fields of the asset; each field is marked, the input itself is noted once.
        missing = MissingInput(CASE_INPUTS[name], asset_field, assumption)
        if missing not in self.missing:
            self.missing.append(missing)
        return assumption.value

    def _refuse_assumption(self, name: str, published: str) -> None:
        if name in self._own_inputs():
            raise InvalidInput.of(
                self._place(name), f"found an assumption, expected none: the published fact is {published}"
            )

    def _own_inputs(self) -> dict[str, Assumption]:
        treatment = self._assumptions.cases.get(self.case.case_id)
        return {} if treatment is None else treatment.inputs

    def _place(self, name: str) -> str:
        return f"cases.{self.case.case_id}.inputs.{name}"
