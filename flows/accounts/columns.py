"""The columns of an accounts folder: name, unit, what a cell must be (docs/accounts-folder.md explains them)."""

from dataclasses import dataclass
from enum import StrEnum


class Content(StrEnum):
    """What a cell holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"


class Need(StrEnum):
    """What must be there."""

    CELL = "cell"  # the column, and a value in every row
    COLUMN = "column"  # the column; a cell may be empty
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: canonical heading; it ends in the unit.
        unit: of a number, as data/accounts/units.txt spells it; empty where it has none.
        unit_column: column that may state each row's unit.
        minimum, maximum: inclusive bounds of a number; `above` is an exclusive lower bound.
        choices: values that a text may take; empty means any.
        unique: whether a value may stand in one row only.
    """

    name: str
    content: Content = Content.TEXT
    need: Need = Need.NOTHING
    unit: str = ""
    unit_column: str = ""
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    unique: bool = False

    @property
    def is_share(self) -> bool:
        """Whether it is a fraction of 1, which may also be written with a sign of per cent."""
        return self.content is Content.NUMBER and (self.minimum, self.maximum, self.unit) == (0.0, 1.0, "")

    @property
    def expectation(self) -> str:
        """What a cell must be, in words for a message."""
        if self.content is Content.DATE:
            return "a date such as 2031-12-31"
        if self.content is Content.TEXT:
            return f"one of {', '.join(self.choices)}" if self.choices else "a text"
        bounds = [
            f"> {self.above:g}" if self.above is not None else "",
            f">= {self.minimum:g}" if self.minimum is not None else "",
            f"<= {self.maximum:g}" if self.maximum is not None else "",
        ]
        words = ["a number", *(bound for bound in bounds if bound)]
        return " ".join(words) + (f" in {self.unit}" if self.unit else "")


def _text(
    name: str, need: Need = Need.NOTHING, *, choices: tuple[str, ...] = (), unique: bool = False
) -> Column:
    return Column(name, need=need, choices=choices, unique=unique)


def _above_zero(
    name: str,
    unit: str = "",
    need: Need = Need.NOTHING,
    *,
    unit_column: str = "",
    maximum: float | None = None,
) -> Column:
    return Column(name, Content.NUMBER, need, unit, unit_column, above=0.0, maximum=maximum)


def _from_zero(name: str, unit: str = "", need: Need = Need.NOTHING) -> Column:
    return Column(name, Content.NUMBER, need, unit, minimum=0.0)


def _share(name: str, need: Need = Need.NOTHING) -> Column:
    return Column(name, Content.NUMBER, need, minimum=0.0, maximum=1.0)


_CATEGORIES = ("provisioning", "regulating", "cultural")
_EVIDENCE = (_text("assumed_fields"), _text("source", Need.COLUMN))

GEP_ACCOUNT = (
    _text("category", Need.CELL, choices=_CATEGORIES),
    _text("service", Need.CELL),
    _text("indicator_zh", Need.CELL),
    _from_zero("quantity", need=Need.COLUMN),
    _text("quantity_unit", Need.COLUMN),
    _from_zero("unit_price", need=Need.COLUMN),
    _text("price_unit", Need.COLUMN),
    _from_zero("value_1e8_cny", "1e8 CNY", Need.CELL),
    _text("specification"),
)

WATER_ACCOUNT = (
    _text("permit_id", Need.CELL, unique=True),
    _text("holder"),
    _text("place", Need.CELL),
    _above_zero("volume_m3_per_year", "m3", Need.CELL, unit_column="volume_unit"),
    _text("volume_unit"),
    Column("expires_on", Content.DATE, Need.CELL),
    _share("renewal_probability"),
    _above_zero("renewal_term_years", maximum=50.0),
    Column("renewals", Content.NUMBER, minimum=0.0, maximum=10.0),
    _share("transferable_share"),
    _share("conveyance_efficiency"),
    _text("allocation_factor"),
    _share("reliability"),
    _from_zero("price_cny_per_m3", "CNY/m3"),
    _from_zero("cost_cny_per_m3", "CNY/m3"),
    *_EVIDENCE,
)

FOREST_INVENTORY = (
    _text("stand_id", Need.CELL, unique=True),
    _text("place", Need.CELL),
    _above_zero("area_ha", "ha", Need.COLUMN, unit_column="area_unit"),
    _text("area_unit"),
    _text("species"),
    _above_zero("years_to_harvest", maximum=120.0),
    _above_zero("harvest_volume_m3_per_ha", "m3/ha"),
    _from_zero("net_price_cny_per_m3", "CNY/m3"),
    _from_zero("cost_cny_per_ha_year", "CNY/ha"),
    _above_zero("stand_adjustment"),
    Column("tenure_expires_on", Content.DATE),
    _text("instrument", choices=("ccer", "carbon_ticket")),
    _above_zero("tonnes_per_year", "t"),
    _above_zero("crediting_years", maximum=60.0),
    _above_zero("monitoring_period_years"),
    _from_zero("issuance_lag_years"),
    _share("risk_deduction"),
    _share("uncertainty_deduction"),
    _share("registration_probability"),
    _share("verification_ratio"),
    _above_zero("price_cny_per_t", "CNY/t"),
    _from_zero("cost_cny_per_issuance", "CNY"),
    _text("methodology"),
    _from_zero("start_years"),
    _from_zero("age_years"),
    _above_zero("asymptotic_volume_m3_per_ha", "m3/ha"),
    _above_zero("rate_per_year"),
    _above_zero("shape"),
    *_EVIDENCE,
)

PLEDGES = (
    _text("asset_id", Need.CELL, unique=True),
    _text("kind", Need.CELL),
    _text("name", Need.CELL),
    _text("place", Need.CELL),
    _text("reference", Need.COLUMN),
    _text("loan_id"),
    _share("pledged_share"),
    Column("expires_on", Content.DATE),
    _above_zero("quantity_per_year"),
    _text("quantity_unit"),
    _from_zero("unit_price_cny"),
    _from_zero("cost_cny_per_year", "CNY"),
    _share("realisable_share"),
    _above_zero("stated_value_cny", "CNY"),
    _text(
        "stated_value_basis",
        choices=("unstated", "annual_flow", "period_sum_undiscounted", "present_value"),
    ),
    _text("valuation_error", choices=("of_kind", "by_service")),
    *_EVIDENCE,
)

VEP_YEARS = (
    _text("project_id", Need.CELL),
    Column("year", Content.NUMBER, Need.CELL, minimum=1.0, maximum=70.0),
    _from_zero("revenue_cny", "CNY", Need.CELL),
    _from_zero("operating_cost_cny", "CNY"),
    _from_zero("wages_cny", "CNY"),
    _from_zero("capital_cny", "CNY"),
    _text("revenue_factor", Need.CELL),
    _share("capital_return_annual"),
    _share("ecological_share"),
    _from_zero("restoration_cost_cny_per_year", "CNY"),
    *_EVIDENCE,
)

# The files of a folder and whether it must have them.
TABLES: dict[str, tuple[Column, ...]] = {
    "gep_account": GEP_ACCOUNT,
    "water_account": WATER_ACCOUNT,
    "forest_inventory": FOREST_INVENTORY,
    "pledges": PLEDGES,
    "vep_years": VEP_YEARS,
}
# Files beside the accounts of several years, which an assessment reads.
REALISED_VALUE = (
    Column("year", Content.NUMBER, Need.CELL, minimum=1990.0, maximum=2100.0, unique=True),
    _from_zero("realised_1e8_cny", "1e8 CNY", Need.CELL),
    _text("source", Need.CELL),
)
# Every file whose headings are known.
COLUMNS_OF_FILE: dict[str, tuple[Column, ...]] = {**TABLES, "realised_value": REALISED_VALUE}
REQUIRED_TABLES = ("gep_account", "water_account", "forest_inventory", "pledges")
