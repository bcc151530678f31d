"""The catalogue: complete, sourced, and refused with the place where it is wrong."""

from pathlib import Path

import pytest

from services.runtime.errors import InvalidInput
from services.runtime.market import Evidence, read_snapshot
from services.valuation.catalogue.catalogue import CATALOGUE_PATH, read_catalogue

STANDARD = Path(__file__).resolve().parents[4] / "data" / "market" / "standard.toml"


def test_every_kind_has_its_figures_sourced() -> None:
    catalogue = read_catalogue()
    assert len(catalogue.kinds) == 18
    for kind in catalogue.kinds.values():
        assert kind.name_zh
        assert kind.name_en
        assert all(source.citation for source in kind.sources)
        # an assumption has the date on which it was made; a figure read somewhere has the source's, if it gives one
        for source in kind.sources:
            assert source.as_of is not None or source.evidence is not Evidence.ASSUMPTION


def test_published_caps_are_those_of_their_sources() -> None:
    kinds = read_catalogue().kinds
    assert kinds["public_forest_compensation"].cash_multiple_cap == 15.0  # Lishui, handmsg.com 18241558
    assert kinds["water_right"].ltv_cap == 0.5  # Yunxi, published_pledge_cases.csv C13
    assert kinds["water_right"].cash_multiple_cap is None


def test_every_factor_of_the_catalogue_is_in_the_standard_snapshot() -> None:
    catalogue = read_catalogue()
    known = set(read_snapshot(STANDARD).factor_model().names)
    used = {kind.factor for kind in catalogue.kinds.values() if kind.factor}
    used |= {service.factor for service in catalogue.services.values()}
    used |= {terms.factor for terms in catalogue.carbon.values()}
    assert used <= known


def test_carbon_of_a_cubic_metre_of_fir() -> None:
    # SVD .307 BEF 1.634 (1 + RSR .246) CF .520 44/12 = 1.19172 tCO2 per m3
    fir = read_catalogue().species["杉木"]
    assert fir.co2_t_per_m3 == pytest.approx(0.307 * 1.634 * 1.246 * 0.520 * 44 / 12, rel=1e-12)
    assert read_catalogue().species["chinese fir"] is not None


def test_the_hash_is_that_of_the_content(tmp_path: Path) -> None:
    copy = tmp_path / "catalogue.toml"
    copy.write_bytes(CATALOGUE_PATH.read_bytes())
    assert read_catalogue(copy).content_hash == read_catalogue().content_hash
    copy.write_text(copy.read_text("utf-8").replace("ltv_cap = 0.5", "ltv_cap = 0.6", 1), "utf-8")
    assert read_catalogue(copy).content_hash != read_catalogue().content_hash


@pytest.mark.parametrize(
    ("found", "wrong", "message"),
    [
        ("ltv_cap = 0.5", "ltv_cap = 1.5", "water_right.ltv_cap: found 1.5"),
        ("ltv_cap = 0.5", "ltvcap = 0.5", "ltvcap"),
        ("min_dscr = 1.2", 'min_dscr = "high"', r"kinds\[0\].min_dscr"),
        ("event_severity = 1.0", "event_severity = 7.0", "event_severity: found 7.0"),
        ('code = "forest_carbon"', 'code = "water_right"', "found 'water_right' twice"),
        ('parameter = "risk_premium_annual"', 'parameter = "premium"', "none for risk_premium_annual"),
        ("[thresholds]", "[thresholds", "catalogue.toml"),
        ('"buy_back.heihe"]', '""]', "factor_prefixes: found an empty text"),
        ('reach_en = "middle', 'reach = "middle', r"served_places\[0\]"),
        (
            'parameter = "tributary_places"',
            'parameter = "tributaries"',
            "middle reach of the Heihe.sources: found",
        ),
    ],
)
def test_a_wrong_catalogue_is_refused_with_its_place(
    tmp_path: Path, found: str, wrong: str, message: str
) -> None:
    copy = tmp_path / "catalogue.toml"
    text = CATALOGUE_PATH.read_text("utf-8")
    assert found in text
    copy.write_text(text.replace(found, wrong, 1), "utf-8")
    with pytest.raises(InvalidInput, match=message):
        read_catalogue(copy)


def test_missing_files_and_wrong_species_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no such file"):
        read_catalogue(tmp_path / "none.toml")
    species = tmp_path / "species.csv"
    species.write_text("species_zh,species,bef,svd,rsr,cf,source,status\n杉木,fir,x,1,1,1,a,b\n", "utf-8")
    with pytest.raises(InvalidInput, match="line 2"):
        read_catalogue(species_path=species)
