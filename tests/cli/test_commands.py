"""Commands as a person runs them: what they print, how they end, and that a second run is the first."""

import datetime as dt
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.connection import own_services
from cli.main import COMMANDS, run
from quant.schedules import CollateralTerms, ExposureSchedule
from services.loans.client import LoansClient
from services.loans.collateral import Collateral
from services.runtime.channel import open_channel

EXAMPLE = "examples/water-right.toml"
FIRST_PUBLISHED_FIGURES = 49


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Services of this module on a database of their own."""
    with pytest.MonkeyPatch.context() as patch:
        database = tmp_path_factory.mktemp("database") / "test.db"
        patch.setenv("ECOPLEDGE_DATABASE_URL", f"sqlite:///{database}")
        with own_services() as address:
            yield address


@pytest.fixture(scope="module")
def main_job(target: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The main job run once: the folder of its report, and its answer."""
    folder = tmp_path_factory.mktemp("main_job")
    with redirect_stdout(io.StringIO()) as printed:
        assert run(["demo", "--out", str(folder), "--target", target, "--json"]) == 0
    return folder, json.loads(printed.getvalue())


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, object]:
    """Exit code and JSON of a command."""
    code = run([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    text, _, examples = capsys.readouterr().out.partition("\nExample:\n")
    assert "\\b" not in text
    assert examples.splitlines()
    assert all(line.startswith(f"  ecopledge {name}") for line in examples.splitlines())


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from cli.main import run; run(['--help'])\n"
        "heavy = {'numpy', 'grpc', 'prefect', 'pandas', 'sqlalchemy', 'rich', 'msgspec'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_verify_reproduces_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    code, checks = answer(capsys, "verify")
    assert isinstance(checks, list)
    assert code == 0
    assert len(checks) >= FIRST_PUBLISHED_FIGURES
    assert all(check["passed"] for check in checks)


def test_verify_names_the_tables_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", "--table", "nonsense"]) == 2
    assert "found nonsense, expected one of annuity" in capsys.readouterr().err


def test_value_previews_and_records_the_same_figures(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, preview = answer(capsys, "value", EXAMPLE, "--target", target)
    code, first = answer(capsys, "value", EXAMPLE, "--record", "--target", target)
    _, again = answer(capsys, "value", EXAMPLE, "--record", "--target", target)
    assert isinstance(preview, list)
    assert isinstance(first, list)
    assert code == 0
    assert again == first
    assert preview[0]["valuation_id"] == ""
    assert {**preview[0], "valuation_id": first[0]["valuation_id"]} == first[0]
    assert sum(line["present_value_cny"] for line in first[0]["cash_flows"]) == pytest.approx(
        first[0]["value_cny"]
    )


def test_replay_is_identical_to_the_bit(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, recorded = answer(capsys, "value", EXAMPLE, "--record", "--target", target)
    assert isinstance(recorded, list)
    code, replay = answer(capsys, "replay", recorded[0]["valuation_id"], "--target", target)
    assert isinstance(replay, dict)
    assert code == 0
    assert replay["identical"] is True


def test_replay_of_nothing_says_so(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, recorded = answer(capsys, "value", EXAMPLE, "--record", "--target", target)
    assert isinstance(recorded, list)
    for wanted in ("no-such-id", "no-such-id-00000"):
        assert run(["replay", wanted, "--target", target]) == 2
        told = capsys.readouterr().err
        assert f"没有编号为 {wanted} 的估值" in told
        assert recorded[0]["valuation_id"] in told


def test_replay_finds_the_only_valuation_of_an_id_without_number(
    target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, recorded = answer(capsys, "value", EXAMPLE, "--record", "--target", target)
    assert isinstance(recorded, list)
    whole = recorded[0]["valuation_id"]
    assert whole.endswith("-00000")
    assert run(["replay", whole.removesuffix("-00000"), "--target", target]) == 0
    assert whole in capsys.readouterr().out


def test_replay_asks_which_of_several_is_meant(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, recorded = answer(capsys, "value", "examples/vep-project.toml", "--record", "--target", target)
    assert isinstance(recorded, list)
    ids = [valuation["valuation_id"] for valuation in recorded]
    assert run(["replay", ids[0].removesuffix("-00000"), "--target", target]) == 2
    told = capsys.readouterr().err
    assert "请写明其一" in told
    assert all(valuation_id in told for valuation_id in ids)


def test_size_names_the_binding_rule(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, sized = answer(capsys, "size", EXAMPLE, "--target", target)
    assert isinstance(sized, list)
    assert code == 0
    limits = {limit["rule"]: limit["limit_cny"] for limit in sized[0]["limits"]}
    assert sized[0]["limit_cny"] == min(limits.values()) == limits[sized[0]["binding_rule"]]


def test_printed_tables_show_the_figures(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["value", EXAMPLE, "--explain", "--target", target]) == 0
    printed = capsys.readouterr().out
    for words in (
        "质押价值", "用水权收入", "假设 assumption", "黑河中游灌溉用水权单方收入 water_revenue.heihe.irrigation",
        "主要驱动因素 · Main drivers", "水价 water_price", "估值误差 valuation error", "贴现率 discount rate",
        "最终所付现值",
    ):  # fmt: skip
        assert words in printed


@pytest.mark.parametrize(
    "file", ["catalogued-rights.toml", "gep-revenue.toml", "stand-inventory.toml", "vep-project.toml"]
)
def test_size_answers_for_every_example(target: str, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = f"examples/{file}"
    code, sized = answer(capsys, "size", path, "--paths", "256", "--target", target)
    assert code == 0
    assert isinstance(sized, list)
    assert all(loan["requested_within_limit"] is not None for loan in sized)
    assert any(loan["limit_cny"] > 0.0 for loan in sized)


def test_size_takes_paths_and_seed_as_value_does(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    how = ("--paths", "512", "--seed", "7", "--target", target)
    _, sized = answer(capsys, "size", EXAMPLE, *how)
    _, valued = answer(capsys, "value", EXAMPLE, *how)
    assert isinstance(sized, list)
    assert isinstance(valued, list)
    assert sized[0]["valuation"]["pledge_value_cny"] == valued[0]["pledge_value_cny"]
    assert sized[0]["valuation"]["manifest"]["n_paths"] == 512


def test_size_says_what_would_have_to_change(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["size", EXAMPLE, "--target", target]) == 0
    printed = capsys.readouterr().out
    for words in (
        "At the limit under level instalments",
        "要贷所申请额度",
        "[质押率 pledge value]: 质押价值由",
    ):
        assert words in printed
    # Asked for: 500,000 CNY (examples/water-right.toml).
    limit = float(re.findall(r"申请额度 50.00 万元，超过限额 ([\d.]+) 万元", printed)[0])
    assert f"差额 {50.0 - limit:.2f} 万元" in printed


def test_size_builds_the_rate_up_and_calls_assumptions_so(
    target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["size", EXAMPLE, "--target", target]) == 0
    printed = capsys.readouterr().out
    for words in (
        "利率构成",
        "预期损失",
        "LPR 5Y 3.500%",
        "贴息后",
        "[假设 assumption] 借款人年违约概率 pd_annual = 0.02",
        "税未计",
    ):
        assert words in printed
    code, sized = answer(capsys, "size", EXAMPLE, "--target", target)
    assert code == 0
    assert isinstance(sized, list)
    rate = sized[0]["rate"]
    assert rate["total_rate_annual"] == pytest.approx(sum(part["rate_annual"] for part in rate["components"]))


def test_a_debt_above_its_pledge_is_said_by_size_and_appraise(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "long.toml"
    path.write_text(
        '[[assets]]\nasset_id = "W"\n[assets.water_right]\nvolume_m3_per_year = 2e6\nremaining_term_years = 30\n'
        "[loan]\ntenor_years = 10\nrate_annual = 0.04\n",
        encoding="utf-8",
    )
    for command in (["size", str(path)], ["appraise", str(path), "--paths", "256", "--out", str(tmp_path)]):
        assert run([*command, "--target", target]) == 0
        assert "[注意 warning] 质押价值低于贷款余额 pledge below debt" in capsys.readouterr().out


def test_without_pricing_no_rate_is_invented(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "no-pricing.toml"
    path.write_text(Path(EXAMPLE).read_text(encoding="utf-8").partition("[pricing]")[0], encoding="utf-8")
    assert run(["size", str(path), "--target", target]) == 0
    assert "no rate was built up" in capsys.readouterr().out


def test_a_wrong_figure_of_the_rate_is_named_as_in_the_file(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wrong-pricing.toml"
    content = Path(EXAMPLE).read_text(encoding="utf-8").replace("pd_annual = 0.02", "pd_annual = 2")
    path.write_text(content, encoding="utf-8")
    assert run(["size", str(path), "--target", target]) == 2
    assert "pricing.pd_annual: found 2.0, expected a fraction from 0 to 1" in capsys.readouterr().err


def test_an_appraisal_prices_the_loan_of_its_file(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = answer(
        capsys, "appraise", EXAMPLE, "--out", str(tmp_path), "--paths", "256", "--target", target
    )
    assert code == 0
    assert isinstance(found, list)
    # Funding alone costs more than 3 %, and a rate above 20 % would be a slip of units.
    assert 0.03 < found[0]["total_rate_annual"] < 0.2
    assert {path.suffix for path in tmp_path.iterdir()} == {".html", ".pdf", ".xlsx"}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (("pd_annual = 0.02", "pd_annual = 2"), "pricing.pd_annual: found 2.0, expected a fraction"),
        (("rate_annual = 0.0415", "rate_annual = 7"), "loan.rate_annual: found 7.0"),
        (("renewals = 1 ", "renewals = -1 "), "assets[0].water_right.renewals: found -1"),
    ],
)
def test_an_appraisal_names_a_wrong_figure_as_its_file_does(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str], place: str
) -> None:
    content = Path(EXAMPLE).read_text(encoding="utf-8")
    assert change[0] in content
    path = tmp_path / "wrong.toml"
    path.write_text(content.replace(*change, 1), encoding="utf-8")
    out = tmp_path / "out"
    assert run(["appraise", str(path), "--out", str(out), "--paths", "256", "--target", target]) == 2
    assert f"{path}: {place}" in capsys.readouterr().err
    assert not out.exists()


def test_a_rate_without_a_loan_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = Path(EXAMPLE).read_text(encoding="utf-8")
    before, _, after = content.partition("[loan]")
    path = tmp_path / "no-loan.toml"
    path.write_text(before + "[pricing]" + after.partition("[pricing]")[2], encoding="utf-8")
    assert run(["appraise", str(path), "--out", str(tmp_path)]) == 2
    assert "expected a table [loan]" in capsys.readouterr().err


def test_size_needs_a_loan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = Path(EXAMPLE).read_text(encoding="utf-8").partition("[loan]")[0]
    path = tmp_path / "no-loan.toml"
    path.write_text(content, encoding="utf-8")
    assert run(["size", str(path)]) == 2
    assert "expected a table [loan]" in capsys.readouterr().err


def test_a_wrong_file_ends_with_2_and_its_places(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["value", "examples/wrong.toml"]) == 2
    told = capsys.readouterr().err
    assert "did you mean 'volume_m3_per_year'" in told
    assert "remaining_term_years" in told


def test_figures_out_of_range_are_named_by_the_service(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = Path(EXAMPLE).read_text(encoding="utf-8")
    path = tmp_path / "negative.toml"
    path.write_text(content.replace("= 2000000", "= -1").replace("= 0.53", "= nan"), encoding="utf-8")
    assert run(["value", str(path), "--target", target]) == 2
    told = capsys.readouterr().err
    assert "volume_m3_per_year" in told
    assert "conveyance_efficiency" in told


def test_services_that_are_not_there_end_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["value", EXAMPLE, "--target", "127.0.0.1:1"]) == 3
    assert "ecopledge serve" in capsys.readouterr().err


def test_a_misspelt_command_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["vlaue"]) == 2
    assert "did you mean 'value'" in capsys.readouterr().err


def test_the_main_job_twice_gives_the_same_answer(
    target: str, main_job: tuple[Path, dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, first = main_job
    code, second = answer(capsys, "demo", "--out", str(tmp_path), "--target", target)
    assert isinstance(second, dict)
    assert code == 0
    assert {**second, "files": None} == {**first, "files": None}
    assert [len(first["cases"]), len(first["pipelines"])] == [29, 2]
    assert first["account_total_cny"] == pytest.approx(7545.59e8, abs=0.01e8)
    assert all(path.stat().st_size > 10_000 for path in folder.iterdir())


def test_a_folder_that_cannot_be_written_is_told_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert run(["demo", "--out", str(tmp_path / "file" / "out")]) == 1
    told = capsys.readouterr().err
    assert str(tmp_path / "file") in told
    assert "Start the services" not in told


def test_a_wrong_setting_ends_with_2_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ECOPLEDGE_DATABASE_URL", "nonsense")
    assert run(["value", EXAMPLE]) == 2
    told = capfd.readouterr().err
    assert "ECOPLEDGE_DATABASE_URL: not a database address" in told
    assert "ecopledge serve" not in told


def test_a_folder_that_cannot_be_written_is_named(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    assert run(["demo", "--out", str(tmp_path / "file"), "--target", target]) == 2
    assert f"{tmp_path / 'file'}" in capsys.readouterr().err
    assert run(["demo", "--out", str(tmp_path / "file" / "below"), "--target", target]) == 1
    told = capsys.readouterr().err
    assert f"error: {tmp_path / 'file'}" in told
    assert "Traceback" not in told
    assert (tmp_path / "file").read_text(encoding="utf-8") == "kept"


def test_a_later_valuation_of_a_pledge_does_not_change_the_book_of_an_earlier_day(
    target: str, main_job: tuple[Path, dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = ExposureSchedule("C13", np.array([2.0]), ("cny",), np.array([1.0]), ("later",), CollateralTerms())
    with open_channel(target, institution_id="demo") as channel:
        counts = LoansClient(channel).put_collateral([Collateral("C13", "C13", later, dt.date(2026, 12, 1))])
    _, after = answer(capsys, "demo", "--out", str(tmp_path), "--target", target)
    assert isinstance(after, dict)
    assert counts.updated == 1
    assert after["book"] == main_job[1]["book"]


def test_what_is_wrong_with_a_loan_is_named_as_in_the_file(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "loan.toml"
    content = Path(EXAMPLE).read_text(encoding="utf-8").replace("rate_annual = 0.0415", "rate_annual = -4.15")
    path.write_text(content.replace("= 2000000", "= -1"), encoding="utf-8")
    assert run(["size", str(path), "--target", target]) == 2
    told = capsys.readouterr().err
    assert f"{path}: loan.rate_annual" in told
    assert f"{path}: assets[0].water_right.volume_m3_per_year" in told


def test_recording_says_what_was_stored_when_one_asset_is_wrong(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = Path("examples/catalogued-rights.toml").read_text(encoding="utf-8")
    path = tmp_path / "one-wrong.toml"
    path.write_text(content.replace('kind = "carbon_allowance"', 'kind = "moonlight"'), encoding="utf-8")
    assert run(["value", str(path), "--record", "--target", target]) == 2
    printed = capsys.readouterr()
    assert "stored 2 of 3" in printed.out
    assert "assets[2] CEA1: not valued" in printed.err


def test_the_pledge_value_is_shown_as_it_comes_about(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["value", EXAMPLE, "--target", target]) == 0
    line = next(text for text in capsys.readouterr().out.splitlines() if "变现比例" in text)
    pledge, quantile, share = map(float, re.findall(r"(?<![A-Z0-9])([\d.]+)(?=%| =| ×)", line))
    assert pledge == pytest.approx(quantile * share / 100.0, rel=2e-3)
