"""Dated parameters of the credit rules, with the basis of every figure; `rules_file` reads them.

A result carries a `RuleNote` for every parameter that it used and that is an assumption or not yet confirmed against
the official text.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.runtime.errors import InvalidInput

BASE_SCENARIO = "base"


class RuleBasis(StrEnum):
    """What a parameter rests on."""

    RULE = "rule"
    ASSUMPTION = "assumption"


class RuleStatus(StrEnum):
    """Whether a parameter was compared with the official text."""

    CONFIRMED = "confirmed"
    TO_BE_CONFIRMED = "to be confirmed"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One figure of a rule.

    Attributes:
        value: the figure; shares are fractions of 1, a switch is 1 or 0.
        basis, status: see the classes.
        citation: what the rule says, or the reasoning of an assumption.
    """

    value: float
    basis: RuleBasis
    status: RuleStatus
    citation: str

    @property
    def is_on(self) -> bool:
        """The figure as a switch."""
        return self.value != 0.0


@dataclass(frozen=True, slots=True)
class WeightedScenario:
    """A scenario of the expected credit loss with its weight, 0 to 1."""

    name: str
    weight: float
    basis: RuleBasis
    status: RuleStatus
    citation: str


@dataclass(frozen=True, slots=True)
class RuleNote:
    """A parameter that a result used and that is an assumption or to be confirmed.

    Attributes:
        parameter: such as "classification.impaired_is_substandard".
        value: the figure used.
        is_assumption: otherwise a rule that is to be confirmed against the official text.
        citation: as in the file.
    """

    parameter: str
    value: float
    is_assumption: bool
    citation: str


@dataclass(frozen=True, slots=True)
class RuleUsed:
    """The rule that a result follows, with what a reader must know of its parameters."""

    title_zh: str
    title_en: str
    in_force_from: dt.date
    notes: tuple[RuleNote, ...]


@dataclass(frozen=True, slots=True)
class RulePeriod:
    """The parameters of one rule in one period.

    Attributes:
        section: "classification", "credit_loss" or "capital".
        in_force_from: first day.
        title_zh, title_en: of the rule.
        parameters: by name.
        scenarios: of the expected credit loss; empty elsewhere.
    """

    section: str
    in_force_from: dt.date
    title_zh: str
    title_en: str
    parameters: Mapping[str, Parameter]
    scenarios: tuple[WeightedScenario, ...] = ()

    def value(self, name: str) -> float:
        """The figure of a parameter."""
        return self.parameters[name].value

    def is_on(self, name: str) -> bool:
        """A parameter as a switch."""
        return self.parameters[name].is_on

    def used(self) -> RuleUsed:
        """The rule as a result tells of it: parameters that are assumptions or to be confirmed, then the weights."""
        figures: list[tuple[str, Parameter | WeightedScenario, float]] = [
            (f"{self.section}.{name}", item, item.value) for name, item in self.parameters.items()
        ]
        figures += [(f"{self.section}.scenarios.{item.name}", item, item.weight) for item in self.scenarios]
        notes = tuple(
            RuleNote(name, value, item.basis is RuleBasis.ASSUMPTION, item.citation)
            for name, item, value in figures
            if item.basis is RuleBasis.ASSUMPTION or item.status is RuleStatus.TO_BE_CONFIRMED
        )
        return RuleUsed(self.title_zh, self.title_en, self.in_force_from, notes)


@dataclass(frozen=True, slots=True)
class CreditRules:
    """All periods of all rules, each in order of its first day."""

    classification: tuple[RulePeriod, ...]
    credit_loss: tuple[RulePeriod, ...]
    capital: tuple[RulePeriod, ...]

    def classification_on(self, day: dt.date) -> RulePeriod:
        """The rule of classification in force on a day.

        Raises:
            InvalidInput: the day is before the first period.
        """
        return _in_force(self.classification, day)

    def credit_loss_on(self, day: dt.date) -> RulePeriod:
        """The rule of expected credit loss in force on a day.

        Raises:
            InvalidInput: the day is before the first period.
        """
        return _in_force(self.credit_loss, day)

    def capital_on(self, day: dt.date) -> RulePeriod:
        """The rule of capital in force on a day.

        Raises:
            InvalidInput: the day is before the first period.
        """
        return _in_force(self.capital, day)


def _in_force(periods: Sequence[RulePeriod], day: dt.date) -> RulePeriod:
    earlier = [period for period in periods if period.in_force_from <= day]
    if not earlier:
        first = periods[0]
        raise InvalidInput.of(
            "as_of",
            f"found {day}, expected {first.in_force_from} or later: {first.title_en} has no earlier period in the "
            "rules file",
        )
    return earlier[-1]
