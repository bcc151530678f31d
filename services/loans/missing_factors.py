"""Factors that a book needs and a snapshot does not have."""

from collections.abc import Iterable, Iterator

from quant.factors import FactorModel
from services.loans.collateral import Collateral
from services.runtime.errors import FieldViolation, InvalidInput

MOST_REPORTED = 20


def missing_of_pledges(collateral: Iterable[Collateral], model: FactorModel) -> Iterator[tuple[str, str]]:
    """Each pledge with each factor of its schedule that the model does not have."""
    for item in collateral:
        for name in dict.fromkeys(item.schedule.factors):
            if name not in model:
                yield f"collateral {item.collateral_id}", name


def refuse_missing(missing: Iterable[tuple[str, str]], model: FactorModel) -> None:
    """Refuse a snapshot that lacks factors; who needs which, in order, the first of them told.

    Raises:
        InvalidInput: where there is any.
    """
    found = list(dict.fromkeys(missing))
    if found:
        known = ", ".join(model.names)
        raise InvalidInput.from_violations(
            FieldViolation(
                "snapshot", f"{user} needs factor {name!r}, which the snapshot does not have; it has {known}"
            )
            for user, name in found[:MOST_REPORTED]
        )
