"""`ecopledge fund simulate|compare|allocate` on a file of questions: what is shown, printed and refused."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.connection import own_services
from cli.main import run

QUESTION = Path("data/demonstration/fund_question.toml")
SMALL = ("--paths", "256")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        database = tmp_path_factory.mktemp("database") / "test.db"
        patch.setenv("ECOPLEDGE_DATABASE_URL", f"sqlite:///{database}")
        with own_services(("valuation", "fund")) as address:
            yield address


def written(tmp_path: Path, old: str, new: str) -> str:
    text = QUESTION.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "question.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return str(file)


def test_a_simulation_is_shown_and_printed_for_programs(
    target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["fund", "simulate", *SMALL, "--target", target]) == 0
    shown = capsys.readouterr().out
    for words in ("张掖市财政", "杠杆 Leverage", "2041", "流动性", "assumptions"):
        assert words in shown
    assert run(["fund", "simulate", str(QUESTION), *SMALL, "--target", target, "--json"]) == 0
    outcome = json.loads(capsys.readouterr().out)
    assert outcome["manifest"]["n_paths"] == 256
    assert [each["recipient_id"] for each in outcome["classes"]] == [
        "city_finance", "provincial_company", "social_capital", "manager",
    ]  # fmt: skip
    assert [each["year"] for each in outcome["partners"][0]["at_years"]] == [5, 10]
    assert len(outcome["projects"]) == 19  # R13 is left out
    assert outcome["conservation_error_cny"] < 0.01


def test_jobs_and_ecosystem_product_are_told_where_they_are_stated(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stated = '[contributions."reserve_2026/R04"]\njobs = 120\ngep_cny_per_year = 1000000\n\n[allocation]\n'
    file = written(tmp_path, "[allocation]\n", stated)
    assert run(["fund", "simulate", file, *SMALL, "--target", target]) == 0
    assert "就业 Jobs" in capsys.readouterr().out


def test_chosen_worlds_are_compared(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ("--scenario", "cost-overrun", "--scenario", "delay")
    assert run(["fund", "compare", *SMALL, *chosen, "--target", target]) == 0
    shown = capsys.readouterr().out
    for words in ("造价超支", "工期延误", "基准 base", "[假设 assumption]"):
        assert words in shown
    assert "旅游冲击" not in shown
    assert run(["fund", "compare", *SMALL, *chosen, "--target", target, "--json"]) == 0
    comparison = json.loads(capsys.readouterr().out)
    assert [each["scenario"]["market"]["name"] for each in comparison["scenarios"]] == [
        "cost-overrun",
        "delay",
    ]
    assert run(["fund", "compare", "--scenario", "nonsense", "--target", target]) == 2
    assert "known are slow-ramp-up" in capsys.readouterr().err


def test_projects_are_chosen_and_limits_priced(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fund", "allocate", "--aversion", "0.5", "--target", target]) == 0
    shown = capsys.readouterr().out
    for words in ("有效前沿", "限制的价格", "R20", "出资总额上限", "[max_total]"):
        assert words in shown
    assert run(["fund", "allocate", "--aversion", "0.5", "--target", target, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    (choice,) = answer["frontier"]
    assert choice["cost_cny"] <= 1.7e8
    assert choice["leverage"] >= 16.0


def test_limits_that_cannot_be_kept_end_with_1_and_what_to_relax(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, "min_leverage = 16.0", "min_leverage = 50.0")
    assert run(["fund", "allocate", file, "--target", target]) == 1
    told = capsys.readouterr().err
    assert "No choice keeps all limits" in told
    assert "最低杠杆 · least leverage [min_leverage]" in told


def test_a_limit_that_stands_in_a_list_is_named_by_its_county(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Nearly everything in one county: its projects alone are no fund.
    file = written(tmp_path, 'name = "肃南县", min_share = 0.1', 'name = "肃南县", min_share = 0.99')
    assert run(["fund", "allocate", file, "--target", target]) == 1
    assert "least share of 肃南县 [groups[1].min_share]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('term_sheet = "qilian"', 'term_sheet = "nobody"', "question.toml: term_sheet"),
        ('pipeline = "reserve_2026"', 'pipeline = "nothing"', "question.toml: projects[0].pipeline"),
        ('leave_out = ["R13"]', 'leave_out = ["R99"]', "question.toml: projects[0].leave_out"),
        (
            "first_year = 2026",
            'first_year = "soon"',
            "question.toml: first_year: expected `int`, got `str` 'soon'",
        ),
        ("first_year = 2026", "first_year = 2027", "simulation.investments[0].project_id"),
        ("min_share = 0.1 }", "min_share = 1.1 }", "limits.groups[1].min_share"),
    ],
)
def test_a_wrong_question_is_refused_with_the_place(  # noqa: PLR0917  # fixtures and parameters
    target: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    old: str,
    new: str,
    place: str,
) -> None:
    command = "allocate" if "min_share" in old else "compare"
    file = written(tmp_path, old, new)
    if command == "compare":
        assert run(["fund", "compare", file, *SMALL, "--target", target]) == 2
    else:
        assert run(["fund", "allocate", file, "--target", target]) == 2
    assert place.removeprefix("simulation.") in capsys.readouterr().err


def test_the_old_list_is_asked_about_once_it_is_moved(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = 'pipeline = "eco_industry_2020"\nfirst_year = 2026\nleave_out = ["E38"]'
    file = written(tmp_path, 'pipeline = "reserve_2026"\nleave_out = ["R13"]', moved)
    # 1.0e9 is not enough for 80 projects: refused with what they call.
    assert run(["fund", "simulate", file, *SMALL, "--target", target]) == 2
    assert "terms.partners" in capsys.readouterr().err


def test_the_report_to_partners_is_written_and_told(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fewer = "aversions = [0.5]\nn_scenarios = 40\nprice_limits = false"
    question = written(tmp_path, "aversions = [0.0, 0.5, 2.0]", fewer)
    out = tmp_path / "out"
    assert run(["report", "fund", question, *SMALL, "--out", str(out), "--target", target]) == 0
    shown = capsys.readouterr().out
    assert "市财政" in shown
    assert "replay id" in shown
    assert sorted(path.name for path in out.iterdir()) == [
        "fund-report-question.html",
        "fund-report-question.pdf",
        "fund-report-question.xlsx",
    ]
    assert "question.toml" in (out / "fund-report-question.html").read_text(encoding="utf-8")


def test_a_stored_term_sheet_is_asked_by_its_name(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = 'term_sheet = "no-such-sheet"\nterm_sheet_is_stored = true'
    file = written(tmp_path, 'term_sheet = "qilian"', stored)
    assert run(["fund", "simulate", file, *SMALL, "--target", target]) == 2
    assert "no-such-sheet" in capsys.readouterr().err
    assert run(["fund", "terms", "put", "qilian", "--target", target]) == 0
    capsys.readouterr()
    file = written(tmp_path, 'term_sheet = "qilian"', 'term_sheet = "qilian"\nterm_sheet_is_stored = true')
    assert run(["fund", "simulate", file, *SMALL, "--target", target, "--json"]) == 0
    by_name = json.loads(capsys.readouterr().out)
    assert run(["fund", "simulate", *SMALL, "--target", target, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == by_name
