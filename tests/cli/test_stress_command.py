"""`ecopledge stress`: bundled and own scenarios, a reverse limit, and what is refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.connection import own_services
from cli.main import run
from services.runtime.scenarios.file import read_scenarios

EXAMPLE = "examples/water-right.toml"
OWN = """
[[scenarios]]
name = "half"
label_zh = "水价减半"
label_en = "half the price"
sources = [{ parameter = "levels", evidence = "assumption", citation = "a test" }]
levels = [{ factor = "water_price", multiplier = 0.5 }]
"""
ASSET = """
[[assets]]
asset_id = "W{}"
name = "水权"
place = "甘州区"
water_right = {{ volume_m3_per_year = 1e6, remaining_term_years = 5 }}
"""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        database = tmp_path_factory.mktemp("database") / "test.db"
        patch.setenv("ECOPLEDGE_DATABASE_URL", f"sqlite:///{database}")
        with own_services(("valuation",)) as address:
            yield address


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run(["stress", EXAMPLE, "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_every_bundled_scenario_by_default(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    report = answer(capsys, "--target", target)
    names = [scenario["name"] for scenario in report["scenarios"]]
    assert {
        "dry-run",
        "ccer-crash",
        "scheme-enforced",
        "tourism-stop",
        "methodology-change",
        "floor-removed",
    } <= {*names}
    [asset] = report["outcomes"]
    assert [item["scenario"] for item in asset["stressed"]] == names
    assert asset["reverse"] is None


def test_own_scenarios_and_a_limit(target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN, "utf-8")
    report = answer(
        capsys,
        "--target",
        target,
        "--scenario",
        "scheme-enforced",
        "--scenarios",
        str(path),
        "--max-loss",
        "0.5",
    )
    assert [scenario["name"] for scenario in report["scenarios"]] == ["scheme-enforced", "half"]
    [asset] = report["outcomes"]
    assert asset["stressed"][1]["value_change_cny"] < -0.4 * asset["base"]["value_cny"]
    assert asset["reverse"]["single"][0]["factor"] == "water_price"
    assert asset["reverse"]["joint_distance"] <= -asset["reverse"]["single"][0]["standard_deviations"]


def test_the_table_for_people(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["stress", EXAMPLE, "--target", target, "--scenario", "scheme-enforced", "--max-loss", "0.5"])
    printed = capsys.readouterr().out
    assert code == 0
    for words in (
        "压力测试",
        "基准 Base",
        "1997年分水方案严格执行",
        "[假设 assumption]",
        "反向压力",
        "水价 water_price x",
    ):
        assert words in printed


@pytest.mark.parametrize(
    ("option", "limit"), [("--max-loss", ("loss_share", 0.5)), ("--min-pledge", ("pledge_value_cny", 2e5))]
)
def test_what_reverse_stress_writes_is_what_stress_reads(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, limit: tuple[str, float]
) -> None:
    path = tmp_path / "worlds" / "found.toml"
    figure, highest = limit
    given = ["--target", target, option, str(highest), "--scenario-out", str(path)]
    reverse = answer(capsys, *given)["outcomes"][0]["reverse"]
    report = answer(capsys, "--target", target, "--scenarios", str(path))
    assert [item["name"] for item in reverse["scenarios"]] == [item["name"] for item in report["scenarios"]]
    worlds = report["outcomes"][0]["stressed"]
    assert [item["scenario"] for item in worlds] == [
        "reverse-joint",
        "reverse-1-water_price",
        "reverse-2-inflow.yingluoxia",
    ]
    # The search ends within 1e-10 standard deviations.
    for item in worlds:
        assert item["figures"][figure] == pytest.approx(highest, rel=1e-8)


def test_a_file_of_several_assets_gives_each_its_worlds(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = tmp_path / "both.toml"
    both.write_text("".join(ASSET.format(number) for number in (1, 2)), "utf-8")
    path = tmp_path / "found.toml"
    asked = ["stress", str(both), "--target", target, "--max-loss", "0.5", "--scenario-out", str(path)]
    assert run(asked) == 0
    said = capsys.readouterr()
    assert f"→ {path}" in said.err
    names = [(scenario.name, scenario.label_zh) for scenario in read_scenarios(path)]
    assert names[0] == ("1-reverse-joint", "反向压力 W1：联合变动")
    assert ("2-reverse-joint", "反向压力 W2：联合变动") in names


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (["--min-pledge", "1"], "限额不可达 · not written, not reachable"),
        (["--max-loss", "0.01"], "基准市场已超限，无变动可写 · not written, the limit is broken"),
    ],
)
def test_where_there_is_no_move_no_file_is_written(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], limit: list[str], words: str
) -> None:
    path = tmp_path / "found.toml"
    assert run(["stress", EXAMPLE, "--target", target, *limit, "--scenario-out", str(path)]) == 1
    assert words in capsys.readouterr().err
    assert not path.exists()


def test_factors_out_of_reach_are_named(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["stress", EXAMPLE, "--target", target, "--max-loss", "0.8"]) == 0
    printed = capsys.readouterr().out
    assert "reverse stress, alone: 水价 water_price" in printed
    assert (
        "不可达 · not reachable alone within six standard deviations: 莺落峡年径流 inflow.yingluoxia"
        in printed
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scenario", "flood"], "scenario_names[0]: found 'flood', expected one of dry-run"),
        (["--scenarios", "no.toml"], "no.toml: cannot be read"),
        (["--max-loss", "0.5", "--min-pledge", "1"], "expected at most one"),
        (["--max-loss", "1.5"], "1.5 is not in the range"),
        (["--scenario-out", "found.toml"], "found --scenario-out without a limit"),
        (["--max-loss", "0.5", "--scenario-out", "found.csv"], "expected a name that ends in .toml"),
    ],
)
def test_what_is_refused(
    target: str, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert run(["stress", EXAMPLE, "--target", target, *arguments]) == 2
    assert words in capsys.readouterr().err


def test_the_table_names_scenarios_as_their_sources_do(
    target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["stress", EXAMPLE, "--scenario", "dry-run-shared", "--target", target]) == 0
    printed = capsys.readouterr().out
    table, _, sources = printed.partition(" [假设 assumption] ")
    assert "dry-run-shared" in table.rpartition("\n")[0]
    assert table.rpartition("\n")[2].endswith(" dry-run-shared")
    assert sources
