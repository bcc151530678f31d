"""The commands that simulate the stored book: what people read and what programs read."""

import json
from pathlib import Path

import pytest

from cli.main import run

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(autouse=True)
def stored_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ECOPLEDGE_DATABASE_URL", f"sqlite:///{tmp_path / 'book.db'}")
    assert run(["loans", "generate", "--loans", "12", "--out", str(tmp_path / "book.csv"), "--store"]) == 0
    capsys.readouterr()


def test_simulate_prints_tail_and_fans(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(["loans", "simulate", "--quarters", "4", "--paths", "512", "--tail", "--fund-cap", "1000"]) == 0
    )
    said = capsys.readouterr().out
    named = ("质押 pledge", "竹林碳汇质押贷款 bamboo_carbon")
    for words in ("组合损失", "VaR 99.9%", "按担保方式", "不良率", "抵押率", "风险补偿基金", *named):
        assert words in said
    assert run(["loans", "simulate", "--paths", "512", "--json"]) == 0
    loss = json.loads(capsys.readouterr().out)
    contributions = sum(share["tail_contribution_cny"] for share in loss["by_loan"])
    assert contributions == pytest.approx(loss["tail"][1]["expected_shortfall_cny"], rel=1e-9)


def test_stress_prints_worlds_and_the_smallest_move(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["loans", "stress", "--scenario", "tourism-stop", "--paths", "512", "--quarters", "4"]
    assert run(asked) == 0
    said = capsys.readouterr().out
    assert "基准市场" in said
    assert "tourism-stop" in said
    assert run([*asked, "--max-expected-loss", "1", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [world["scenario"] for world in report["worlds"]] == ["", "tourism-stop"]
    assert report["reverse"]["broken_already"] is True
    assert run([*asked, "--max-expected-loss", "1"]) == 0
    said = capsys.readouterr().out
    # Two figures for one market: both are there, with the error of the one and the reason.
    base = report["worlds"][0]
    assert (
        f"上表基准为 {base['expected_loss_cny'] / 1e4:,.2f} ± {base['expected_loss_error_cny'] / 1e4:,.2f}"
        in said
    )
    assert "sampling error" in said
    assert run([*asked, "--max-expected-loss", "1", "--max-shortfall", "1"]) == 2


def test_the_found_worlds_of_a_book_are_stressed_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "found.toml"
    asked = ["loans", "stress", "--paths", "4000", "--quarters", "4", "--json"]
    assert run([*asked, "--max-expected-loss", "1e15", "--scenario-out", str(path)]) == 1
    out, err = capsys.readouterr()
    base = json.loads(out)["reverse"]["figure_cny"]
    assert "限额不可达" in err
    assert not path.exists()
    limit = 1.5 * base
    assert run([*asked, "--max-expected-loss", str(limit), "--scenario-out", str(path)]) == 0
    out, err = capsys.readouterr()
    reverse = json.loads(out)["reverse"]
    assert f"ecopledge loans stress --quarters 4 --scenarios {path}" in err
    assert "sampling error" in err
    assert run([*asked, "--scenarios", str(path)]) == 0
    worlds = json.loads(capsys.readouterr().out)["worlds"][1:]
    assert [world["scenario"] for world in worlds] == [item["name"] for item in reverse["scenarios"]]
    assert len(worlds) == len(reverse["single"]) + 1
    for world in worlds:
        # 4 errors of the test and, for those of the search, a tenth; what each is worth: test_reverse_scenarios.py.
        error = 4.0 * world["expected_loss_error_cny"] + 0.1 * limit
        assert world["expected_loss_cny"] == pytest.approx(limit, abs=error), world["scenario"]
    assert run([*asked, "--scenario-out", str(path)]) == 2


def test_wrong_way_puts_both_sides_beside_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["loans", "wrong-way", "--paths", "512", "--quarters", "4"]) == 0
    said = capsys.readouterr().out
    assert "错向风险" in said
    assert "Shapley" in said


def test_curves_and_funds_come_from_files(capsys: pytest.CaptureFixture[str]) -> None:
    curves = ["--default-curves", str(EXAMPLES / "loans" / "default-curves.toml")]
    funds = ["--funds", str(EXAMPLES / "loans" / "compensation-funds.toml")]
    assert run(["loans", "simulate", "--quarters", "4", "--paths", "512", *curves, *funds]) == 0
    said = capsys.readouterr().out
    for words in (
        "风险补偿资金池",
        "用尽概率",
        "fund for all other loans",
        "违约期限结构“较高风险档",
        "assumption",
    ):
        assert words in said
    asked = ["--paths", "512", "--quarters", "4", *curves, *funds, "--json"]
    for command in (["stress", "--scenario", "tourism-stop"], ["wrong-way"]):
        assert run(["loans", *command, *asked]) == 0
        codes = {caution["code"] for caution in json.loads(capsys.readouterr().out)["cautions"]}
        assert codes & {"DEFAULT_CURVE_USED", "DEFAULT_CURVE_WITHOUT_LOANS"}
    quality = ["--paths", "256", *curves, *funds, "--json"]
    for measure in ("credit-loss", "capital"):
        assert run(["loans", measure, *quality]) == 0
        codes = {caution["code"] for caution in json.loads(capsys.readouterr().out)["cautions"]}
        assert "COMPENSATION_FUND_USED" in codes
    assert run(["loans", "credit-loss", "--paths", "256", *funds]) == 0
    assert "计入准备" in capsys.readouterr().out
    assert run(["loans", "simulate", "--funds", str(EXAMPLES / "loans" / "default-curves.toml")]) == 2
    assert "compensation_funds" in capsys.readouterr().err


def test_the_book_keeps_curves_and_funds(capsys: pytest.CaptureFixture[str]) -> None:
    curves = ["--default-curves", str(EXAMPLES / "loans" / "default-curves.toml")]
    funds = ["--funds", str(EXAMPLES / "loans" / "compensation-funds.toml")]
    put = ["loans", "terms", "put", "--as-of", "2026-08-01"]
    assert run([*put, *curves, *funds]) == 0
    assert "新版本 new versions 2" in capsys.readouterr().out
    assert run([*put, *funds, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"stored": 0, "unchanged": 1}
    asked = ["loans", "simulate", "--quarters", "4", "--paths", "512"]
    assert run(asked) == 0
    said = capsys.readouterr().out
    assert "风险补偿基金 2 项取自贷款簿，自 2026-08-01 起生效" in said
    assert "fund for all other loans" in said
    assert run([*asked, "--without-book-terms"]) == 0
    assert "自 2026-08-01 起生效的风险补偿基金未用，本次不用" in capsys.readouterr().out
    assert run([*put, "--withdraw", "funds"]) == 0
    assert run([*put, "--withdraw", "default-curves"]) == 0
    capsys.readouterr()
    assert run(["loans", "terms", "show", "--as-of", "2026-08-01"]) == 0
    said = capsys.readouterr().out
    assert said.count("无 none") == 2
    assert said.count("compensation_funds") == 2
    assert run(["loans", "terms", "show", "--as-of", "2026-08-01", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["versions"]) == 4
    for wrong in ([], [*funds, "--withdraw", "funds"], ["--funds", "nowhere.toml"]):
        assert run([*put, *wrong]) == 2
