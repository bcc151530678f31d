"""Reads default curves and risk-compensation funds from TOML; every mistake is named with its place.

[[default_curves]]
name = "县域小微 · county micro"
basis = "assumption: ..."
cumulative_default = [0.02, 0.05, 0.09]      # by the end of year 1, 2, ...
scaled_to_loan = false
counties = ["甘州区"]                        # also products, loan_ids, pd_from, pd_below

[[compensation_funds]]
name = "甘州区风险补偿资金池"
basis = "assumption: ..."
balance_cny = 5_000_000
cap_cny = 4_000_000
compensation_share = 0.4
counties = ["甘州区"]
"""

from pathlib import Path
from typing import TypeVar

import msgspec

from services.loans.segments.compensation_fund import CompensationFundTerms
from services.loans.segments.default_curve import DefaultCurve
from services.loans.segments.segment import SEGMENT_FIELDS, Segment
from services.runtime.errors import FieldViolation, InvalidInput
from services.runtime.toml_file import toml_content

_Terms = TypeVar("_Terms", DefaultCurve, CompensationFundTerms)


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    """What every entry has: a name, where it comes from, and whose it is."""

    name: str
    basis: str
    loan_ids: tuple[str, ...] = ()
    counties: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    pd_from: float = 0.0
    pd_below: float | None = None


class _CurveRow(_Row, kw_only=True):
    cumulative_default: tuple[float, ...]
    scaled_to_loan: bool = False


class _FundRow(_Row, kw_only=True):
    balance_cny: float | None = None
    cap_cny: float | None = None
    compensation_share: float | None = None


def read_default_curves(path: Path) -> tuple[DefaultCurve, ...]:
    """The curves of a file.

    Raises:
        InvalidInput: naming file, place, what was found and what was expected; all mistakes at once.
    """
    return _entries(path, "default_curves", _CurveRow, DefaultCurve)


def read_compensation_funds(path: Path) -> tuple[CompensationFundTerms, ...]:
    """The funds of a file.

    Raises:
        InvalidInput: naming file, place, what was found and what was expected; all mistakes at once.
    """
    return _entries(path, "compensation_funds", _FundRow, CompensationFundTerms)


def _entries(path: Path, key: str, row: type[_Row], terms: type[_Terms]) -> tuple[_Terms, ...]:
    content = toml_content(path)
    tables = content.get(key)
    if content.keys() != {key} or not isinstance(tables, list) or not tables:
        raise InvalidInput.of(
            str(path), f"found {sorted(content)}, expected [[{key}]], at least one, and nothing else"
        )
    found: list[FieldViolation] = []
    read: list[_Terms] = []
    for i, table in enumerate(tables):
        try:
            given = msgspec.structs.asdict(msgspec.convert(table, row, strict=False))
            segment = Segment(**{name: given.pop(name) for name in SEGMENT_FIELDS})
            read.append(terms(segment=segment, **given))
        except (msgspec.ValidationError, ValueError) as error:
            found.append(FieldViolation(f"{path}: {key}[{i}]", str(error)))
    if found:
        raise InvalidInput.from_violations(found)
    return tuple(read)
