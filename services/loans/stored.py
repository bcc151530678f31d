"""Loans and collateral as stored text: JSON that comes back as the same value, with a hash of the content."""

import datetime as dt
import hashlib
import sys
from typing import Any

import msgspec
import numpy as np

from quant.schedules import CollateralTerms, ExposureSchedule
from services.loans.collateral import Collateral
from services.loans.loan import Loan


# Without the collector of cycles, which would look at every row of every pledge of a large book again and again.
class _Row(msgspec.Struct, frozen=True, gc=False):
    time_years: float
    factor: str
    quantity: float
    label: str


class _CollateralContent(msgspec.Struct, frozen=True, gc=False):
    collateral_id: str
    loan_id: str
    valuation_date: dt.date
    snapshot_id: str
    pledged_share: float
    asset_id: str
    rows: tuple[_Row, ...]
    terms: CollateralTerms
    value_cny: float | None = None
    valuation_warnings: tuple[str, ...] = ()


class _Share(msgspec.Struct):
    """What alone is read of collateral where many are counted; the rest of its text is passed over."""

    pledged_share: float


_DECODER, _SHARE_DECODER = msgspec.json.Decoder(_CollateralContent), msgspec.json.Decoder(_Share)

# Fields that loans did not always have, with the value that says nothing. It is left out, so that a loan that does not
# use them has the text, and so the hash, that it always had.
_ADDED_FIELDS: dict[str, Any] = {
    "purpose": "",
    "approved_on": None,
    "guarantee_mode": None,
    "borrower_size": None,
    "is_investment_grade": False,
    "subsidy": None,
    "compensation_share": 0.0,
    "restructured_on": None,
}
_ADDED_TERMS: dict[str, Any] = {"rate_reset": None, "prepayments": [], "custom_principal_cny": []}


def loan_to_text(loan: Loan) -> str:
    """A loan as JSON."""
    fields = msgspec.to_builtins(loan)
    for part, added in ((fields, _ADDED_FIELDS), (fields["terms"], _ADDED_TERMS)):
        for name, nothing in added.items():
            if part[name] in (nothing, ()):
                del part[name]
    return _encode(fields)


def loan_from_text(text: str) -> Loan:
    """The loan of a stored text."""
    return msgspec.json.decode(text, type=Loan)


def collateral_to_text(collateral: Collateral) -> str:
    """Collateral as JSON; what a valuation did not tell is left out, so that earlier content keeps its hash."""
    schedule = collateral.schedule
    columns = zip(
        schedule.times_years.tolist(),
        schedule.factors,
        schedule.quantities.tolist(),
        schedule.labels,
        strict=True,
    )
    content: dict[str, Any] = msgspec.to_builtins(
        _CollateralContent(
            collateral.collateral_id,
            collateral.loan_id,
            collateral.valuation_date,
            collateral.snapshot_id,
            collateral.pledged_share,
            schedule.asset_id,
            tuple(_Row(*row) for row in columns),
            schedule.terms,
            collateral.value_cny,
            collateral.valuation_warnings,
        )
    )
    if collateral.value_cny is None:
        del content["value_cny"]
    if len(collateral.valuation_warnings) == 0:
        del content["valuation_warnings"]
    return _encode(content)


def collateral_from_text(text: str) -> Collateral:
    """The collateral of a stored text."""
    content = _DECODER.decode(text)
    schedule = ExposureSchedule(
        content.asset_id,
        np.array([row.time_years for row in content.rows]),
        # Names and labels repeat from pledge to pledge: each is kept once.
        tuple([sys.intern(row.factor) for row in content.rows]),
        np.array([row.quantity for row in content.rows]),
        tuple([sys.intern(row.label) for row in content.rows]),
        content.terms,
    )
    return Collateral(
        content.collateral_id,
        content.loan_id,
        schedule,
        content.valuation_date,
        content.snapshot_id,
        content.pledged_share,
        content.value_cny,
        content.valuation_warnings,
    )


def is_pledged(text: str) -> bool:
    """Whether any of the collateral of a stored text secures its loan; its rows are passed over."""
    return _SHARE_DECODER.decode(text).pledged_share > 0.0


def hash_text(text: str) -> str:
    """SHA-256 of a stored text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _encode(value: Any) -> str:
    # Fields in the order of their declaration, whether they come as a value or as a dictionary: the hash of what was
    # stored before a field was added stays the same.
    return msgspec.json.encode(value).decode()
