"""Credits of counted trees: by hand from the published equations, and every field that can be wrong."""

import dataclasses
import math
from itertools import pairwise
from pathlib import Path

import pytest

from services.runtime.errors import InvalidInput
from services.runtime.violations import Violations
from services.valuation.asset import (
    Asset,
    CarbonInstrument,
    CarbonIssuance,
    DiameterClass,
    ForestCarbonReceivable,
    StandInventory,
)
from services.valuation.catalogue.catalogue import read_catalogue
from services.valuation.catalogue.tree_equations import decode_tree_equations
from services.valuation.pricers import price
from services.valuation.pricers.carbon_stock import project_carbon
from services.valuation.standard_market import read_standard_snapshot
from services.valuation.stored_form import asset_from_json, asset_to_json
from services.valuation.translate.asset import asset_from_wire, asset_to_wire

CATALOGUE = read_catalogue()
TREES = DiameterClass(20.0, 12.0, 1000.0, 0.2, 0.1)
STAND = StandInventory("青海云杉", 10.0, (TREES,))
ISSUANCE = CarbonIssuance(CarbonInstrument.CCER, 10.0, inventory=STAND, risk_deduction=0.0)


PUBLISHED = ((0.0198, 0.9380), (0.0086, 0.9357), (0.0051, 0.9562), (0.0024, 1.0747))


def weight_kg(diameter: float, height: float) -> float:
    """Luo et al. 2002, Appendix B: stem, branch, leaf, root."""
    x = diameter * diameter * height
    return math.fsum(a * math.pow(x, b) for a, b in PUBLISHED)


def asset(issuance: CarbonIssuance = ISSUANCE) -> Asset:
    return Asset("s", "s", "", ForestCarbonReceivable(issuance))


def test_stock_and_credits_by_hand() -> None:
    """1,000 trees/ha of 118.71 kg are 118.71 t/ha, x 0.4927 = 58.49 tC/ha, x 44/12 = 214.46 tCO2/ha.

    Credits of five years: what the trees of 21 cm and 12.5 m weigh more, in whole tonnes on 10 ha.
    """
    carbon = project_carbon(ISSUANCE, 0.0, "issuance", CATALOGUE)
    assert carbon.on_site_t[0] / 10.0 == pytest.approx(118.71 * 0.4927 * 44.0 / 12.0, abs=0.02)
    gained = (weight_kg(21.0, 12.5) - weight_kg(20.0, 12.0)) * 0.4927 * 44.0 / 12.0
    assert carbon.tonnes[0] == math.floor(gained * 10.0)
    assert carbon.stock_known


def test_the_asset_has_a_schedule_and_says_what_stands() -> None:
    priced = price(asset(), CATALOGUE, read_standard_snapshot())
    [(_, schedule)] = priced.alternatives
    assert schedule.times_years.tolist() == [6.0, 11.0]
    note = next(caution for caution in priced.cautions if caution.code == "STAND_STOCK")
    assert "58.5 tC/ha" in note.message_en


def test_death_takes_credits_away() -> None:
    dying = dataclasses.replace(STAND, mortality_annual=0.02)
    fewer = project_carbon(dataclasses.replace(ISSUANCE, inventory=dying), 0.0, "issuance", CATALOGUE)
    assert sum(fewer.tonnes) < sum(project_carbon(ISSUANCE, 0.0, "issuance", CATALOGUE).tonnes)


def test_regrowth_of_what_was_lost_is_not_credited() -> None:
    """Large trees die while small ones grow up: the stand falls for years, then rises above what stood before."""
    inventory = StandInventory(
        "青海云杉",
        100.0,
        (DiameterClass(30.0, 18.0, 400.0), DiameterClass(3.0, 2.0, 2000.0, 0.9, 0.6)),
        mortality_annual=0.05,
    )
    issuance = dataclasses.replace(ISSUANCE, crediting_years=30.0, inventory=inventory)
    carbon = project_carbon(issuance, 0.0, "issuance", CATALOGUE)
    stock = carbon.on_site_t
    falls = [number for number, (a, b) in enumerate(pairwise(stock), start=1) if b < a]
    assert falls == [1, 2]
    # Second method: all credits together are what stands above the beginning, less one tonne a period for rounding.
    assert max(stock) == stock[-1]
    assert stock[-1] - stock[0] - len(carbon.tonnes) <= sum(carbon.tonnes) <= stock[-1] - stock[0]
    priced = price(asset(issuance), CATALOGUE, read_standard_snapshot())
    told = next(caution for caution in priced.cautions if caution.code == "STAND_LOSES_CARBON")
    assert "period 1, 2 " in told.message_en


def test_a_stand_that_only_grows_is_not_told_to_lose() -> None:
    priced = price(asset(), CATALOGUE, read_standard_snapshot())
    assert "STAND_LOSES_CARBON" not in {caution.code for caution in priced.cautions}


def test_it_survives_wire_and_store() -> None:
    given = asset(
        dataclasses.replace(
            ISSUANCE, inventory=dataclasses.replace(STAND, carbon_fraction=0.5, classes=(TREES, TREES))
        )
    )
    violations = Violations()
    assert asset_from_wire(asset_to_wire(given), violations) == given
    assert not violations.found
    assert asset_from_json(asset_to_json(given)) == given


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"species": ""}, "inventory.species"),
        ({"area_ha": 0.0}, "inventory.area_ha"),
        ({"area_ha": math.nan}, "inventory.area_ha"),
        ({"classes": ()}, "inventory.classes"),
        ({"classes": (TREES,) * 201}, "inventory.classes"),
        ({"carbon_fraction": 1.5}, "inventory.carbon_fraction"),
        ({"mortality_annual": -0.1}, "inventory.mortality_annual"),
        ({"classes": (DiameterClass(20.0, 12.0, 1000.0),)}, "inventory.classes"),
        *(
            ({"classes": (TREES, dataclasses.replace(TREES, **{name: wrong}))}, f"inventory.classes[1].{name}")
            for name, wrong in (
                ("diameter_cm", 0.0), ("diameter_cm", 2000.0), ("height_m", 121.0), ("trees_per_ha", -1.0),
                ("trees_per_ha", math.inf), ("diameter_growth_cm_per_year", -0.1), ("height_growth_m_per_year", 11.0),
            )
        ),
    ],
)  # fmt: skip
def test_each_wrong_field_is_named(changes: dict[str, object], field: str) -> None:
    wrong = dataclasses.replace(STAND, **changes)  # type: ignore[arg-type]  # broken on purpose
    violations = Violations()
    assert (
        asset_from_wire(asset_to_wire(asset(dataclasses.replace(ISSUANCE, inventory=wrong))), violations)
        is None
    )
    assert f"forest_carbon.issuance.{field}" in [found.field for found in violations.found]


def test_an_unknown_species_is_told_the_known_ones() -> None:
    wrong = dataclasses.replace(ISSUANCE, inventory=dataclasses.replace(STAND, species="杉木"))
    with pytest.raises(InvalidInput, match="青海云杉") as error:
        project_carbon(wrong, 0.0, "issuance", CATALOGUE)
    assert error.value.violations[0].field == "issuance.inventory.species"


def test_two_origins_of_credits_are_refused() -> None:
    both = dataclasses.replace(ISSUANCE, tonnes_per_year=10.0)
    violations = Violations()
    assert asset_from_wire(asset_to_wire(asset(both)), violations) is None
    assert "found tonnes_per_year and inventory" in violations.found[0].description


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("0.0198", "x"),
        ("0.0198", "-1"),
        (",0.4927,", ",1.4927,"),
        ("carbon_fraction,", "fraction,"),
        ("stem,", "stem,,"),
    ],
)
def test_a_wrong_table_of_equations_is_refused_with_its_line(was: str, now: str) -> None:
    content = Path("data/tree_biomass_equations.csv").read_text(encoding="utf-8").replace(was, now, 1)
    with pytest.raises(InvalidInput, match="line 2"):
        decode_tree_equations(Path("trees.csv"), content.encode())
