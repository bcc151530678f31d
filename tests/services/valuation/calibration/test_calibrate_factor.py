"""CalibrateFactor over a real server: models, warnings, model risk, and every field refused in turn."""

import csv
import datetime as dt
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import sqlalchemy as sa

from ecopledge.valuation.v1 import asset_pb2, valuation_pb2_grpc
from ecopledge.valuation.v1 import calibration_pb2 as pb
from quant.market.calibration import Fit
from services.runtime.channel import calling, open_channel
from services.runtime.errors import InvalidInput, NotFound
from services.runtime.market import Evidence
from services.runtime.migrate import upgrade_runtime
from services.runtime.server import build_server
from services.runtime.settings import load_settings
from services.valuation.__main__ import registration
from services.valuation.calibration.calibrated import Calibration, CalibrationQuestion, Observation
from services.valuation.calibration.calibrating import calibrate, unit_root_test
from services.valuation.calibration.cautions import of_length
from services.valuation.calibration.translate import question_to_wire
from services.valuation.client import ValuationClient
from services.valuation.standard_market import read_standard_snapshot
from tests.services.valuation.valuation_cases import plain

STANDARD = read_standard_snapshot()
LONG_RUN_MEAN = 15.87


def heihe() -> tuple[Observation, ...]:
    text = Path("examples/heihe-inflow.csv").read_text(encoding="utf-8")
    return tuple(
        Observation(dt.date.fromisoformat(row["date"]), float(row["value"]))
        for row in csv.DictReader(text.splitlines())
    )


INFLOW = CalibrationQuestion("inflow.yingluoxia", heihe(), long_run_mean=LONG_RUN_MEAN)


def prices(n: int = 900, speed: float = 4.0, level: float = 90.0) -> tuple[Observation, ...]:
    """A price at uneven days, by exact steps; volatility 0.3."""
    rng = np.random.default_rng(2)
    days = np.concatenate([[0], np.cumsum(rng.integers(1, 9, n))])
    x, found = 0.0, []
    for i, day in enumerate(days.tolist()):
        step = 0.0 if i == 0 else float(days[i] - days[i - 1]) / 365.25
        sd = 0.3 * math.sqrt((1.0 - math.exp(-2.0 * speed * step)) / (2.0 * speed) if speed > 0.0 else step)
        x = math.exp(-speed * step) * x + sd * rng.normal()
        found.append(
            Observation(dt.date(2026, 8, 1) - dt.timedelta(days=int(days[-1]) - day), level * math.exp(x))
        )
    return tuple(found)


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[grpc.Channel]:
    engine = sa.create_engine(f"sqlite:///{tmp_path_factory.mktemp('database') / 'test.db'}")
    upgrade_runtime(engine)
    settings = load_settings(listen_address="127.0.0.1:0", log_level="error")
    with (
        build_server(settings, [registration(engine)]) as server,
        open_channel(server.address, institution_id="bank") as opened,
    ):
        yield opened
    engine.dispose()


def codes(calibration: Calibration) -> set[str]:
    return {caution.code for caution in calibration.cautions}


def test_the_heihe_sample_is_told_for_what_it_is(client: ValuationClient) -> None:
    found = client.calibrate_factor(INFLOW)
    # Mean 18.85, sd 2.76 and lag-1 correlation 0.56 of the sources; 18.85 / 15.87 - 1 = 18.8 %.
    assert round(found.sample.sample_mean, 2) == 18.85
    assert round(found.sample.sample_sd, 2) == 2.76
    assert round(found.sample.lag1_correlation, 2) == 0.56
    assert codes(found) == {
        "MEAN_REVERSION_NOT_ESTABLISHED",
        "SHORT_SAMPLE",
        "SAMPLE_FAR_FROM_LONG_RUN",
        "TREND_IN_SAMPLE",
        "SERIES_OUTDATED",
    }
    wet = next(caution for caution in found.cautions if caution.code == "SAMPLE_FAR_FROM_LONG_RUN")
    assert "18.8%" in wet.message_en
    assert "above" in wet.message_en
    assert "偏丰" in wet.message_zh


def test_without_a_long_run_mean_nothing_is_compared(client: ValuationClient) -> None:
    assert "SAMPLE_FAR_FROM_LONG_RUN" not in codes(
        client.calibrate_factor(replace(INFLOW, long_run_mean=None))
    )
    near = replace(INFLOW, long_run_mean=18.85)
    assert "SAMPLE_FAR_FROM_LONG_RUN" not in codes(client.calibrate_factor(near))


def test_the_client_returns_what_the_engine_computed(client: ValuationClient) -> None:
    for fit_trend in (False, True):
        question = replace(INFLOW, fit_trend=fit_trend)
        assert client.calibrate_factor(question) == calibrate(question, STANDARD)


def test_a_long_reverting_series_raises_no_alarm(client: ValuationClient) -> None:
    found = client.calibrate_factor(CalibrationQuestion("ccer_price", prices()))
    assert codes(found) <= {"UNEVEN_SPACING"}
    assert found.unit_root is not None
    assert found.unit_root.p_value < 0.05
    assert found.mean_reverting.aic < found.brownian.aic


def test_a_random_walk_is_not_taken_for_mean_reversion(client: ValuationClient) -> None:
    found = client.calibrate_factor(CalibrationQuestion("ccer_price", prices(speed=0.0)))
    assert "MEAN_REVERSION_NOT_ESTABLISHED" in codes(found)


def test_the_models_stand_in_a_snapshot(client: ValuationClient) -> None:
    question = CalibrationQuestion("ccer_price", prices(), source="exchange file 7")
    found = client.calibrate_factor(question)
    for model in (found.mean_reverting, found.brownian):
        others = tuple(factor for factor in STANDARD.primary_factors if factor.name != "ccer_price")
        market = replace(
            STANDARD, snapshot_id=f"with-{model.n_parameters}", primary_factors=(model.factor, *others)
        )
        client.put_market_snapshot(market, request_id=f"put-{model.n_parameters}")
        assert market.level("ccer_price") == pytest.approx(question.observations[-1].value)
        assert "exchange file 7" in model.factor.sources[0].citation
    # No drift is priced in: the forward of Brownian motion is today's value, which its growth says is an assumption.
    brownian = found.brownian.factor
    forward = market.factor_model().forward([10.0])[market.factor_model().index("ccer_price"), 0]
    assert forward == pytest.approx(brownian.level)
    growth = next(source for source in brownian.sources if source.parameter == "growth_annual")
    assert growth.evidence is Evidence.ASSUMPTION


def test_model_risk_is_the_difference_of_two_valuations(client: ValuationClient) -> None:
    asset = plain("catalogued_right")
    question = CalibrationQuestion("cea_price", prices(level=97.0), asset=asset)
    found = client.calibrate_factor(question)
    risk = found.model_risk
    assert risk is not None
    # Second way: store each fitted snapshot and value the asset on it.
    for model, told in ((found.mean_reverting, risk.mean_reverting), (found.brownian, risk.brownian)):
        factors = tuple(
            model.factor if known.name == "cea_price" else known for known in STANDARD.primary_factors
        )
        snapshot_id = f"risk-{model.n_parameters}"
        client.put_market_snapshot(
            replace(STANDARD, snapshot_id=snapshot_id, primary_factors=factors), request_id=snapshot_id
        )
        [valued] = client.value_assets([asset], snapshot_id=snapshot_id)
        assert (valued.value_cny, valued.pledge_value_cny) == (told.value_cny, told.pledge_value_cny)  # type: ignore[union-attr]  # a failure has neither and fails the test
    assert risk.value_difference_cny == risk.mean_reverting.value_cny - risk.brownian.value_cny
    assert "FACTOR_NOT_USED" not in codes(found)


def test_an_asset_that_does_not_use_the_factor_says_so(client: ValuationClient) -> None:
    found = client.calibrate_factor(CalibrationQuestion("ccer_price", prices(), asset=plain("water_right")))
    assert found.model_risk is not None
    assert found.model_risk.value_difference_cny == 0.0
    assert "FACTOR_NOT_USED" in codes(found)


def test_a_unit_that_was_mistaken_is_told(client: ValuationClient) -> None:
    fen = tuple(Observation(one.date, one.value * 100.0) for one in prices())
    assert "LEVEL_FAR_FROM_SNAPSHOT" in codes(client.calibrate_factor(CalibrationQuestion("ccer_price", fen)))


def test_a_factor_of_ones_own_needs_a_unit(client: ValuationClient) -> None:
    own = CalibrationQuestion("walnut_price", prices(), unit="CNY/kg")
    assert client.calibrate_factor(own).brownian.factor.unit == "CNY/kg"
    with pytest.raises(InvalidInput) as caught:
        client.calibrate_factor(replace(own, unit=""))
    assert [violation.field for violation in caught.value.violations] == ["unit"]


def test_the_unit_root_statistic_is_the_t_ratio_of_its_regression() -> None:
    # Second method: with no lags the statistic is the t ratio of the slope of dy on y, by least squares.
    y = np.log([one.value for one in heihe()])
    test = unit_root_test(y, with_trend=False)
    assert test is not None
    assert test.lags == 0
    design = np.column_stack([np.ones(len(y) - 1), y[:-1]])
    slope, residual, *_ = np.linalg.lstsq(design, np.diff(y))
    variance = float(residual[0]) / (len(y) - 3) * np.linalg.inv(design.T @ design)
    assert test.statistic == pytest.approx(slope[1] / math.sqrt(variance[1, 1]), rel=1e-9)


def test_a_level_that_is_never_left_has_no_unit_root_statistic(client: ValuationClient) -> None:
    still = tuple(Observation(dt.date(2000 + i, 1, 1), 2.0 if i < 19 else 3.0) for i in range(20))
    found = client.calibrate_factor(CalibrationQuestion("ccer_price", still))
    assert found.unit_root is None
    assert "MEAN_REVERSION_NOT_ESTABLISHED" in codes(found)


@pytest.mark.parametrize(
    ("change", "short"),
    [
        ({"speed_bias_annual": 0.19}, False),
        ({"speed_bias_annual": 0.21}, True),
        ({"n_observations": 29}, True),
        ({"span_years": 3.4}, True),
        ({"span_years": 3.5}, False),
    ],
)
def test_what_makes_a_sample_short(change: dict[str, Any], short: bool) -> None:
    # Speed 1: the half-life is 0.693 years, five of them 3.47.
    long = Fit(0.0, 0.0, 1.0, 0.3, 0.0, 0.0, 3, 30, 20.0, None, speed_identified=True, speed_bias_annual=0.0)
    assert bool(of_length(long)) is False
    assert bool(of_length(replace(long, **change))) is short


def test_an_unknown_snapshot_is_not_found(client: ValuationClient) -> None:
    with pytest.raises(NotFound):
        client.calibrate_factor(INFLOW, snapshot_id="nowhere")


def constant(request: pb.CalibrateFactorRequest) -> None:
    for observation in request.observations:
        observation.value = 3.0


def valid_asset() -> asset_pb2.Asset:
    return question_to_wire(replace(INFLOW, asset=plain("water_right")), "").asset


BREAKS: dict[str, tuple[Callable[[pb.CalibrateFactorRequest], object], str]] = {
    "no factor": (lambda r: r.ClearField("factor"), "factor"),
    "a long factor": (lambda r: setattr(r, "factor", "x" * 65), "factor"),
    "few observations": (lambda r: r.observations.__delitem__(slice(9, None)), "observations"),
    "a value of 0": (lambda r: setattr(r.observations[3], "value", 0.0), "observations[3].value"),
    "a value that is no number": (lambda r: setattr(r.observations[3], "value", math.nan), "observations[3].value"),
    "an infinite value": (lambda r: setattr(r.observations[3], "value", math.inf), "observations[3].value"),
    "a value beyond measure": (lambda r: setattr(r.observations[3], "value", 1e101), "observations[3].value"),
    "too many": (lambda r: r.observations.extend(list(r.observations) * 1100), "observations"),
    "no date": (lambda r: r.observations[2].ClearField("date"), "observations[2].date"),
    "a date that is none": (lambda r: setattr(r.observations[2].date, "month", 13), "observations[2].date"),
    "a date twice": (lambda r: r.observations[5].date.CopyFrom(r.observations[4].date), "observations[5].date"),
    "a long-run mean of 0": (lambda r: setattr(r, "long_run_mean", 0.0), "long_run_mean"),
    "a constant series": (constant, "observations"),
    "a wrong asset": (lambda r: r.asset.CopyFrom(pb.CalibrateFactorRequest().asset), "asset."),
    "an asset and a factor that is derived": (
        lambda r: r.MergeFrom(
            pb.CalibrateFactorRequest(factor="allocation.heihe.irrigation", unit="1", asset=valid_asset())
        ),
        "factor",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
def test_every_wrong_field_is_named(channel: grpc.Channel, name: str) -> None:
    change, path = BREAKS[name]
    request = question_to_wire(INFLOW, "")
    change(request)
    with pytest.raises(InvalidInput) as caught, calling():
        valuation_pb2_grpc.ValuationServiceStub(channel).CalibrateFactor(request)
    assert any(violation.field.startswith(path) for violation in caught.value.violations), (
        caught.value.violations
    )
