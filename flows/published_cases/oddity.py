"""What an oddity in the published cases is: a warning with the figures and how they were computed."""

from dataclasses import dataclass
from decimal import Decimal

from flows.published_cases.case import PublishedCase
from services.runtime.errors import InvalidInput
from services.runtime.results import Caution, Severity


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of an oddity.

    Attributes:
        name: stable, such as "price_multiple".
        value: exact, not rounded.
        unit: such as "CNY/t"; "1" for a ratio.
        computation: the arithmetic with its numbers, for people.
    """

    name: str
    value: Decimal
    unit: str
    computation: str


@dataclass(frozen=True, slots=True)
class Oddity:
    """A published figure that a careful reader should not take as it stands.

    Attributes:
        case_ids: the cases it is about.
        caution: what to know, Chinese and English.
        figures: what it rests on.
    """

    case_ids: tuple[str, ...]
    caution: Caution
    figures: tuple[Figure, ...]

    def figure(self, name: str) -> Decimal:
        """The value of a figure.

        Raises:
            KeyError: if there is no such figure.
        """
        return {figure.name: figure.value for figure in self.figures}[name]


def oddity(
    case_ids: tuple[str, ...], code: str, severity: Severity, texts: tuple[str, str], *figures: Figure
) -> Oddity:
    """An oddity from its parts; `texts` are Chinese and English."""
    return Oddity(case_ids, Caution(code, severity, *texts), figures)


def required(case: PublishedCase, field: str) -> Decimal:
    """A number of the case that an oddity rests on.

    Raises:
        InvalidInput: it was not published.
    """
    value = getattr(case, field)
    if not isinstance(value, Decimal):
        raise InvalidInput.of(f"{case.case_id}.{field}", "found nothing, expected the published number")
    return value
