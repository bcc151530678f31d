"""Biomass of counted trees, against the published tree and figures by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from quant.forests.carbon import PowerEquation, tree_biomass_kg
from quant.forests.stand_table import stand_table_biomass_t

Column = NDArray[np.float64]

# Qinghai spruce, Datong: Luo et al. 2002, Appendix B (esapubs A012/008); D in cm, H in m, kg.
SPRUCE = (
    PowerEquation(0.0198, 0.9380), PowerEquation(0.0086, 0.9357),
    PowerEquation(0.0051, 0.9562), PowerEquation(0.0024, 1.0747),
)  # fmt: skip


def test_a_thousand_published_trees() -> None:
    """One tree of 20 cm and 12 m weighs 118.71 kg (data/reference/forestry.csv): a thousand are 118.71 t."""
    [got] = stand_table_biomass_t([0.0], [20.0], [12.0], [1000.0], SPRUCE)
    assert got == pytest.approx(118.71, abs=0.01)


def test_classes_growth_and_death_by_hand() -> None:
    """a = 1, b = 1: 100 trees of 10 cm, 5 m and 50 of 20 cm, 10 m weigh 100 x 500 + 50 x 4000 kg = 250 t.

    After 2 years at 1 cm and 0.5 m a year, 10 % dying each: 0.81 x (100 x 144 x 6 + 50 x 484 x 11) kg = 285.606 t.
    """
    got = stand_table_biomass_t(
        [0.0, 2.0], [10.0, 20.0], [5.0, 10.0], [100.0, 50.0], [PowerEquation(1.0, 1.0)],
        diameter_growth_cm=1.0, height_growth_m=[0.5, 0.5], mortality_annual=0.1,
    )  # fmt: skip
    assert got.tolist() == pytest.approx([250.0, 0.81 * (100 * 864 + 50 * 5324) / 1000.0], rel=1e-12)
    assert got[1] == pytest.approx(285.606, rel=1e-9)


trees = st.lists(
    st.tuples(st.floats(1.0, 80.0), st.floats(1.3, 40.0), st.floats(1.0, 5000.0)), min_size=1, max_size=12
)


def table(classes: list[tuple[float, float, float]]) -> tuple[Column, Column, Column]:
    diameter, height, number = np.array(classes).T
    return diameter, height, number


@given(trees, st.integers(0, 11))
def test_a_class_may_be_split(classes: list[tuple[float, float, float]], at: int) -> None:
    """Identity: half of the trees of a class twice over is the class; the order does not matter."""
    i = at % len(classes)
    diameter, height, number = classes[i]
    split = [
        *classes[:i],
        *classes[i + 1 :],
        (diameter, height, number / 2.0),
        (diameter, height, number / 2.0),
    ]
    whole = stand_table_biomass_t([3.0], *table(classes), SPRUCE, diameter_growth_cm=0.2)
    parts = stand_table_biomass_t([3.0], *table(split), SPRUCE, diameter_growth_cm=0.2)
    assert parts[0] == pytest.approx(whole[0], rel=1e-12)


@given(trees)
def test_a_stand_weighs_its_trees(classes: list[tuple[float, float, float]]) -> None:
    expected = sum(float(tree_biomass_kg(d, h, SPRUCE)) * n for d, h, n in classes) / 1000.0
    assert stand_table_biomass_t([0.0], *table(classes), SPRUCE)[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("classes", "named"),
    [
        (([], [], []), "diameter_cm"),
        (([10.0], [5.0, 6.0], [100.0]), "diameter_cm"),
        (([math.nan], [5.0], [100.0]), "diameter_cm"),
        (([10.0], [-5.0], [100.0]), "height_m"),
        (([10.0], [5.0], [math.inf]), "trees_per_ha"),
    ],
)
def test_what_is_no_stand_is_refused(
    classes: tuple[list[float], list[float], list[float]], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        stand_table_biomass_t([0.0], *classes, SPRUCE)
    with pytest.raises(ValueError, match="mortality_annual"):
        stand_table_biomass_t([0.0], [1.0], [1.0], [1.0], SPRUCE, mortality_annual=1.1)
