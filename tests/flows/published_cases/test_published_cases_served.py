"""The published cases through a real valuation service in this process."""

import io
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from flows.published_cases.appraisal import CaseAppraisal
from flows.published_cases.appraise import appraise
from flows.published_cases.assumptions import Assumption, Assumptions, read_assumptions
from flows.published_cases.bundled import appraise_published_cases
from flows.published_cases.case import PublishedCase
from services.runtime.channel import open_channel
from services.runtime.database import make_engine
from services.runtime.logs import make_logger
from services.runtime.migrate import upgrade_runtime
from services.runtime.server import build_server
from services.runtime.settings import load_settings
from services.valuation.__main__ import registration
from services.valuation.client import ValuationClient
from services.valuation.valuation import Failure, SizedLoan, Valuation


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValuationClient]:
    database = tmp_path_factory.mktemp("served") / "ecopledge.db"
    engine = make_engine(f"sqlite:///{database}", sqlite_synchronous="NORMAL")
    upgrade_runtime(engine)
    settings = load_settings(listen_address="127.0.0.1:0")
    logger = make_logger("info", io.StringIO())
    with (
        build_server(settings, [registration(engine)], logger) as running,
        open_channel(running.address, institution_id="demo") as channel,
    ):
        yield ValuationClient(channel)
    engine.dispose()


@pytest.fixture(scope="module")
def appraisals(
    client: ValuationClient, cases: dict[str, PublishedCase], assumptions: Assumptions
) -> dict[str, CaseAppraisal]:
    found = appraise(cases.values(), assumptions, client, request_id="published-cases")
    return {appraisal.case_id: appraisal for appraisal in found}


def _valuation(appraisal: CaseAppraisal) -> Valuation:
    assert appraisal.pledge is not None
    assert isinstance(appraisal.pledge.valuation, Valuation)
    return appraisal.pledge.valuation


def test_every_mapped_case_is_valued_and_sized(appraisals: dict[str, CaseAppraisal]) -> None:
    assert len(appraisals) == 29
    valued = [appraisal for appraisal in appraisals.values() if appraisal.mapping.asset is not None]
    assert len(valued) == 27
    for appraisal in valued:
        valuation = _valuation(appraisal)
        assert appraisal.pledge is not None
        assert isinstance(appraisal.pledge.sized, SizedLoan)
        assert valuation.value_cny > 0
        assert 0 < valuation.haircut < 1
        assert 0 < valuation.pledge_value_cny < valuation.value_cny
        assert appraisal.granted_to_pledge_limit is not None


def test_the_tables_add_up_to_the_values(appraisals: dict[str, CaseAppraisal]) -> None:
    for appraisal in appraisals.values():
        if appraisal.pledge is not None:
            valuation = _valuation(appraisal)
            total = sum(line.present_value_cny for line in valuation.cash_flows)
            assert total == pytest.approx(valuation.value_cny, rel=1e-9)


def test_every_assumed_field_is_marked_in_the_result(appraisals: dict[str, CaseAppraisal]) -> None:
    for appraisal in appraisals.values():
        if appraisal.mapping.asset is not None:
            assert set(appraisal.mapping.asset.assumed_fields) <= set(_valuation(appraisal).assumptions)


def test_wuning_is_issued_what_it_published_less_the_deductions(appraisals: dict[str, CaseAppraisal]) -> None:
    """6,317 t a year, 5-year periods, whole tonnes after K = 10 %, registered with 70 %, at 157 CNY of 96.34.

    K is of CCER-14-001, the 70 % an assumption of the catalogue, 96.34 the CCER price of 2026-08-21.
    """
    tonnes = [line.quantity for line in _valuation(appraisals["C26"]).cash_flows]
    assert len(tonnes) == 4
    assert tonnes == pytest.approx([int(6317 * 5 * 0.9) * 0.7 * 157 / 96.34] * 4, rel=1e-9)


def test_at_the_market_price_wuning_falls_in_proportion(appraisals: dict[str, CaseAppraisal]) -> None:
    twin = appraisals["C26"].at_market_price
    assert twin is not None
    assert isinstance(twin.valuation, Valuation)
    ratio = twin.valuation.value_cny / _valuation(appraisals["C26"]).value_cny
    assert ratio == pytest.approx(96.34 / 157, rel=1e-9)


def test_lent_sums_stay_below_what_was_published_as_value(appraisals: dict[str, CaseAppraisal]) -> None:
    """An undiscounted or doubtful headline is worth less once it is priced; a year's flow may be worth more."""
    for case_id in ("C02", "C03", "C05", "C06", "C07", "C12", "C26", "C27"):
        published = appraisals[case_id].mapping.case.published_value_wan
        assert published is not None
        assert _valuation(appraisals[case_id]).value_cny < float(published) * 10_000


def test_an_edited_assumption_changes_the_result(
    client: ValuationClient,
    cases: dict[str, PublishedCase],
    appraisals: dict[str, CaseAppraisal],
    assumptions_toml: Path,
    tmp_path: Path,
) -> None:
    permit = "[defaults.water_right.permit_term_years]\nvalue = "
    text = assumptions_toml.read_text(encoding="utf-8")
    assert permit + "5.0" in text
    edited = tmp_path / "assumptions.toml"
    edited.write_text(text.replace(permit + "5.0", permit + "10.0"), encoding="utf-8")
    [yunxi] = appraise([cases["C13"]], read_assumptions(edited), client)
    before = _valuation(appraisals["C13"])
    after = _valuation(yunxi)
    assert len(after.cash_flows) == 2 * len(before.cash_flows)
    assert after.value_cny > 1.3 * before.value_cny


def test_one_assumption_that_the_service_refuses_leaves_the_other_cases(
    client: ValuationClient, cases: dict[str, PublishedCase], assumptions_toml: Path, tmp_path: Path
) -> None:
    text = assumptions_toml.read_text(encoding="utf-8")
    assert 'value = "recreation"' in text
    edited = tmp_path / "assumptions.toml"
    edited.write_text(text.replace('value = "recreation"', 'value = "sunshine"'), encoding="utf-8")
    guimen, yunxi = appraise([cases["C01"], cases["C13"]], read_assumptions(edited), client)
    assert guimen.pledge is not None
    assert isinstance(guimen.pledge.valuation, Failure)
    assert "sunshine" in guimen.pledge.valuation.message
    assert _valuation(yunxi).value_cny > 0


def test_a_repeat_stores_nothing_twice(
    client: ValuationClient,
    cases: dict[str, PublishedCase],
    assumptions: Assumptions,
    appraisals: dict[str, CaseAppraisal],
) -> None:
    again = appraise(cases.values(), assumptions, client, request_id="published-cases")
    for appraisal in again:
        if appraisal.pledge is not None:
            assert _valuation(appraisal).valuation_id != ""
            assert (
                _valuation(appraisal).valuation_id == _valuation(appraisals[appraisal.case_id]).valuation_id
            )
    assert len(list(client.all_valuations(asset_id="C13"))) == 1


def _scaled(assumptions: Assumptions, case: PublishedCase, factor: float) -> Assumptions:
    """The assumptions with every illustrative size of a case multiplied."""

    def scale(entry: Assumption) -> Assumption:
        assert isinstance(entry.value, float)
        return msgspec.structs.replace(entry, value=entry.value * factor)

    treatment = assumptions.cases[case.case_id]
    known = {**assumptions.defaults.get(case.kind, {}), **treatment.inputs}
    sizes = {name: scale(entry) for name, entry in known.items() if entry.illustrative}
    assert sizes
    changed = msgspec.structs.replace(treatment, inputs={**treatment.inputs, **sizes})
    return Assumptions(assumptions.defaults, {**assumptions.cases, case.case_id: changed})


@pytest.mark.parametrize("case_id", ["C10", "C11", "C17", "C19", "C20", "C21", "C22", "C24", "C28", "C29"])
def test_a_pledge_as_large_as_is_said_carries_the_published_loan(
    client: ValuationClient,
    cases: dict[str, PublishedCase],
    assumptions: Assumptions,
    appraisals: dict[str, CaseAppraisal],
    case_id: str,
) -> None:
    needed = appraisals[case_id].granted_to_pledge_limit
    assert needed is not None
    [larger] = appraise([cases[case_id]], _scaled(assumptions, cases[case_id], needed), client)
    assert larger.pledge is not None
    # Credits are issued in whole tonnes, a ten-thousandth of an issuance.
    assert larger.pledge.pledge_limit_cny == pytest.approx(larger.granted_cny, rel=1e-4)


def test_the_bundled_call_gives_the_same_with_the_oddities(
    client: ValuationClient, appraisals: dict[str, CaseAppraisal]
) -> None:
    findings = appraise_published_cases(client, request_id="published-cases")
    assert [found.case_id for found in findings.appraisals] == list(appraisals)
    assert len(findings.oddities) == 14
    wuning = next(found for found in findings.appraisals if found.case_id == "C26")
    assert _valuation(wuning) == _valuation(appraisals["C26"])
    assert wuning.cautions[0].code == "PRICE_FAR_ABOVE_MARKET"
