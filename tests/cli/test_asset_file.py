"""Files of assets: what is read, and how every mistake is named."""

from pathlib import Path

import pytest

from cli.asset_file import MAX_BYTES, read_asset_file
from services.runtime.errors import InvalidInput
from services.valuation.asset import ResidualIncome, VepProject, WaterRight

GOOD = """
[[assets]]
asset_id = "W1"
[assets.water_right]
volume_m3_per_year = 120000
remaining_term_years = 5

[[assets]]
asset_id = "V1"
name = "西山漾"
[assets.vep_project]
term_years = 2
[assets.vep_project.residual_income]
revenue_factor = "tourism_demand"
years = [{ year = 1, revenue_cny = 100.0 }, { year = 2, revenue_cny = 110.0 }]

[loan]
tenor_years = 5
rate_annual = 0.04
"""


def write(folder: Path, text: str, name: str = "assets.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_assets_of_different_kinds_and_the_loan(tmp_path: Path) -> None:
    content = read_asset_file(write(tmp_path, GOOD))
    water, vep = content.assets
    assert water.detail == WaterRight(120000.0, 5.0)
    assert isinstance(vep.detail, VepProject)
    assert isinstance(vep.detail.method, ResidualIncome)
    assert vep.detail.method.years[1].revenue_cny == 110.0
    assert content.loan is not None
    assert content.loan.tenor_years == 5.0


def test_the_bundled_example_is_read() -> None:
    assert read_asset_file(Path("examples/water-right.toml")).loan is not None


@pytest.mark.parametrize(
    ("wrong", "right", "place", "words"),
    [
        (
            "volume_m3_per_year = 120000",
            "volume_m3_per_yr = 120000",
            "water_right.volume_m3_per_yr",
            "did you mean",
        ),
        (
            "volume_m3_per_year = 120000",
            'volume_m3_per_year = "a lot"',
            "volume_m3_per_year",
            "expected `float`",
        ),
        ("[assets.water_right]", "[assets.river]", "assets[0].river", "is not known"),
        ("year = 2, revenue_cny", "year = 2, revenue", "years[1].revenue", "did you mean 'revenue_cny'"),
        ("rate_annual = 0.04", "rate_anual = 0.04", "loan.rate_anual", "did you mean 'rate_annual'"),
        (
            "[assets.vep_project.residual_income]",
            "[assets.vep_project.other]",
            "assets[1].vep_project",
            "no method",
        ),
        ('asset_id = "W1"', "", "assets[0]", "missing required field `asset_id`"),
    ],
)
def test_names_what_is_wrong_and_where(
    tmp_path: Path, wrong: str, right: str, place: str, words: str
) -> None:
    path = write(tmp_path, GOOD.replace(wrong, right))
    with pytest.raises(InvalidInput) as caught:
        read_asset_file(path)
    assert any(place in v.field and words in v.description for v in caught.value.violations), (
        caught.value.violations
    )


def test_collects_all_mistakes_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("volume_m3_per_year", "volume").replace("rate_annual", "rate")
    with pytest.raises(InvalidInput) as caught:
        read_asset_file(write(tmp_path, text))
    assert len(caught.value.violations) >= 4  # each key is unknown, and each required one is missing


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("[[assets", "a.toml", "not valid TOML"),
        ("[1, 2]", "a.json", "found a list"),
        ("{}", "a.json", "found none"),
        ("\x00\xff", "a.json", "not valid"),
    ],
)
def test_refuses_what_is_no_asset_file(tmp_path: Path, text: str, name: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        read_asset_file(write(tmp_path, text, name))


def test_refuses_missing_and_oversized_files(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read: No such file"):
        read_asset_file(tmp_path / "none.toml")
    big = tmp_path / "big.toml"
    with big.open("wb") as file:
        file.truncate(MAX_BYTES + 1_000_000)
    with pytest.raises(InvalidInput, match="expected at most 25 MB"):
        read_asset_file(big)


def test_an_id_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_asset_file(write(tmp_path, GOOD.replace('asset_id = "V1"', 'asset_id = "W1"')))
    assert "assets[1].asset_id: found 'W1' again, first in assets[0]" in str(caught.value.violations[0])


def test_a_value_of_the_wrong_type_is_shown_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "assets.toml"
    path.write_text(
        '[[assets]]\nasset_id = "W"\n[assets.water_right]\nvolume_m3_per_year = "two"\nremaining_term_years = 5\n',
        encoding="utf-8",
    )
    with pytest.raises(InvalidInput) as wrong:
        read_asset_file(path)
    [violation] = wrong.value.violations
    assert violation.field == f"{path}: assets[0].water_right.volume_m3_per_year"
    assert violation.description == "expected `float`, got `str` 'two'"
