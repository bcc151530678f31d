"""Fit every factor that has a series and store the result as a candidate snapshot; nothing is put into use.

A candidate is a snapshot of its own that no command takes by itself: a person compares it with the market in use
and names it where it is wanted (`--snapshot-id`).
"""

import datetime as dt
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from flows.market_calibration.series_file import read_series_file
from services.runtime.errors import FieldViolation, InvalidInput
from services.runtime.market import MarketSnapshot, QuotedFactor
from services.valuation.calibration.calibrated import Calibration, CalibrationQuestion, FittedModel


class CalibrationPort(Protocol):
    """The calls of the valuation service that a calibration makes; its client satisfies it."""

    def get_market_snapshot(self, snapshot_id: str = "") -> MarketSnapshot:
        """The snapshot with an id; the standard one for none."""
        ...

    def calibrate_factor(self, question: CalibrationQuestion, *, snapshot_id: str = "") -> Calibration:
        """Both models of a factor."""
        ...

    def put_market_snapshot(self, snapshot: MarketSnapshot, *, request_id: str) -> str:
        """Stores a snapshot once; its hash."""
        ...


@dataclass(frozen=True, slots=True)
class CalibratedFactor:
    """One factor before and after.

    Attributes:
        before: as the market in use has it.
        calibration: both fits.
        chosen: the fit with the smaller AIC, which the candidate has.
        file: where the series was read.
    """

    before: QuotedFactor
    calibration: Calibration
    chosen: FittedModel
    file: str


@dataclass(frozen=True, slots=True)
class MarketCalibration:
    """A calibration of the market.

    Attributes:
        base_id: snapshot in use.
        candidate_id, candidate_hash: the stored candidate.
        factors: in order of their names.
    """

    base_id: str
    candidate_id: str
    candidate_hash: str
    factors: tuple[CalibratedFactor, ...]


def calibrate_market(
    client: CalibrationPort, series_dir: Path, as_of: dt.date, *, snapshot_id: str = ""
) -> MarketCalibration:
    """Calibrate every factor that has a series and store the candidate. The same series give the same candidate.

    Args:
        client: of the valuation service.
        series_dir: with <factor>.csv files, columns date and value in the unit of the factor.
        as_of: day of the candidate.
        snapshot_id: market in use; empty for the standard one.

    Raises:
        InvalidInput: no series, a series of an unknown factor, or a wrong series; every problem is named.
        NotFound: no such snapshot.
    """
    base = client.get_market_snapshot(snapshot_id)
    known = {factor.name: factor for factor in base.primary_factors}
    files = sorted(series_dir.glob("*.csv")) if series_dir.is_dir() else []
    _check_names(series_dir, files, known)
    violations: list[FieldViolation] = []
    found: list[CalibratedFactor] = []
    for path in files:
        try:
            found.append(_calibrated(client, path, known[path.stem], base.snapshot_id))
        except InvalidInput as error:
            violations += error.violations or (FieldViolation(str(path), error.message),)
    if violations:
        raise InvalidInput.from_violations(violations)
    candidate = _candidate(base, found, as_of, files)
    content_hash = client.put_market_snapshot(candidate, request_id=f"put-{candidate.snapshot_id}")
    return MarketCalibration(base.snapshot_id, candidate.snapshot_id, content_hash, tuple(found))


def _check_names(series_dir: Path, files: list[Path], known: dict[str, QuotedFactor]) -> None:
    if not files:
        raise InvalidInput.of(str(series_dir), "found no series, expected <factor>.csv with date and value")
    unknown = [path.name for path in files if path.stem not in known]
    if unknown:
        expected = ", ".join(sorted(known))
        raise InvalidInput.from_violations(
            FieldViolation(f"{series_dir}/{name}", f"names no factor, expected one of {expected}")
            for name in unknown
        )


def _calibrated(
    client: CalibrationPort, path: Path, before: QuotedFactor, snapshot_id: str
) -> CalibratedFactor:
    question = CalibrationQuestion(before.name, read_series_file(path), source=path.name)
    calibration = client.calibrate_factor(question, snapshot_id=snapshot_id)
    fits = (calibration.mean_reverting, calibration.brownian)
    return CalibratedFactor(before, calibration, min(fits, key=lambda fit: fit.aic), path.name)


def _candidate(
    base: MarketSnapshot, found: list[CalibratedFactor], as_of: dt.date, files: list[Path]
) -> MarketSnapshot:
    """The market in use with the fitted factors; its id says the day and the series."""
    digest = hashlib.sha256(base.content_hash().encode())
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    fitted = {item.before.name: item.chosen.factor for item in found}
    return replace(
        base,
        snapshot_id=f"candidate-{as_of.isoformat()}-{digest.hexdigest()[:12]}",
        as_of=as_of,
        primary_factors=tuple(fitted.get(factor.name, factor) for factor in base.primary_factors),
    )
