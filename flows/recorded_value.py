"""What a pledge carries of its valuation: by it the loans service tells when a later one crosses a level."""

from dataclasses import dataclass

from services.runtime.results import Severity
from services.valuation.valuation import Failure, Valuation


@dataclass(frozen=True, slots=True)
class RecordedValue:
    """Value of the whole asset, CNY, >= 0, None where there is none; and the codes of what is more than a note."""

    value_cny: float | None
    warning_codes: tuple[str, ...]


def recorded_value(outcome: Valuation | Failure | None) -> RecordedValue:
    """What to record of the outcome of a valuation; a value below nothing secures nothing."""
    if not isinstance(outcome, Valuation):
        return RecordedValue(None, ())
    codes = dict.fromkeys(
        caution.code for caution in outcome.cautions if caution.severity is not Severity.NOTE
    )
    return RecordedValue(max(outcome.value_cny, 0.0), tuple(codes))
