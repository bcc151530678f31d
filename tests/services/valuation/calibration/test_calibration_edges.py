"""Series at the edge of what can be calibrated: either figures that are numbers, or a refusal that says why."""

import dataclasses
import datetime as dt
import math
from collections.abc import Iterator

import numpy as np
import pytest

from services.runtime.errors import InvalidInput
from services.valuation.calibration.calibrated import CalibrationQuestion, Observation
from services.valuation.calibration.calibrating import calibrate
from services.valuation.standard_market import read_standard_snapshot

SNAPSHOT = read_standard_snapshot()
FIRST = dt.date(2000, 1, 1)
NOISE = np.random.default_rng(7).normal(size=24)
SERIES = {
    "one jump at the end": [1.0] * 11 + [2.0],
    "one jump at the beginning": [2.0] + [1.0] * 11,
    "two values in turn": [1.0, 2.0] * 6,
    "two plateaus": [1.0] * 6 + [2.0] * 6,
    "straight line": list(range(1, 13)),
    "huge": (1e99 * np.exp(0.1 * NOISE)).tolist(),
    "tiny": (1e-300 * np.exp(0.1 * NOISE)).tolist(),
    "wild": np.exp(100.0 * NOISE).tolist(),
    "from one end of the floats to the other": [1e-300] * 6 + [1e100] * 6,
}
WITHOUT_VARIATION = {
    "constant": [1.0] * 12,
    "constant but for rounding": (1.0 + 1e-13 * NOISE).tolist(),
}


def question(values: list[float], gap_days: int, *, fit_trend: bool) -> CalibrationQuestion:
    observations = [
        Observation(FIRST + dt.timedelta(days=gap_days * i), float(value)) for i, value in enumerate(values)
    ]
    return CalibrationQuestion("ccer_price", tuple(observations), fit_trend=fit_trend)


def numbers(value: object) -> Iterator[float]:
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from numbers(getattr(value, field.name))
    elif isinstance(value, float):
        yield value


@pytest.mark.parametrize("fit_trend", [False, True])
@pytest.mark.parametrize("gap_days", [1, 365])
@pytest.mark.parametrize("name", SERIES)
def test_every_figure_is_a_number(name: str, gap_days: int, *, fit_trend: bool) -> None:
    with np.errstate(invalid="raise", divide="raise"):
        found = calibrate(question(SERIES[name], gap_days, fit_trend=fit_trend), SNAPSHOT)
    assert all(map(math.isfinite, numbers(found)))
    assert -1.0 <= found.sample.lag1_correlation <= 1.0


@pytest.mark.parametrize("fit_trend", [False, True])
@pytest.mark.parametrize("name", WITHOUT_VARIATION)
def test_a_series_without_variation_is_refused(name: str, *, fit_trend: bool) -> None:
    with pytest.raises(InvalidInput, match="without variation"):
        calibrate(question(WITHOUT_VARIATION[name], 30, fit_trend=fit_trend), SNAPSHOT)


def test_a_sample_is_described_in_its_unit() -> None:
    """1, 2, 3, 4, 4 twice over: mean 2.8, sum of squares 2 x 6.8, in any unit."""
    values = [1.0, 2.0, 3.0, 4.0, 4.0]
    for unit in (1.0, 1e-200, 1e90):
        sample = calibrate(
            question([unit * value for value in values * 2], 365, fit_trend=False), SNAPSHOT
        ).sample
        assert sample.sample_mean == pytest.approx(2.8 * unit, rel=1e-12)
        assert sample.sample_sd == pytest.approx(unit * math.sqrt(2 * 6.8 / 9), rel=1e-12)
