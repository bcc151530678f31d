"""What may be pledged. Assets describe; pricers price.

The fields mean what the contract protos/ecopledge/valuation/v1/asset.proto says: volumes in m3, areas in ha, amounts
in CNY, shares and probabilities as fractions of 1, terms in years from the valuation date. `None` means "not stated";
the pricer then uses the catalogue or the snapshot.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class ValueBasis(StrEnum):
    """What a stated value means; the three are never mixed."""

    UNSTATED = "unstated"
    ANNUAL_FLOW = "annual_flow"
    PERIOD_SUM_UNDISCOUNTED = "period_sum_undiscounted"
    PRESENT_VALUE = "present_value"


class CarbonInstrument(StrEnum):
    """Instruments that a forest-carbon project may be paid in."""

    CCER = "ccer"
    TICKET = "carbon_ticket"


class GrowthCurve(StrEnum):
    """Curves of stem volume by age t; a the asymptote, r the rate, s the shape of StandGrowth."""

    RICHARDS = "richards"
    """a (1 - exp(-r t))^s"""
    LOGISTIC = "logistic"
    """a / (1 + s exp(-r t))"""
    GOMPERTZ = "gompertz"
    """a exp(-s exp(-r t))"""
    KORF = "korf"
    """a exp(-s t^-r); r is an exponent."""
    SCHUMACHER = "schumacher"
    """a exp(-s / t); r must be 1."""


@dataclass(frozen=True, slots=True)
class StatedValue:
    """A value that somebody else stated; compared and disclosed, never lent against."""

    value_cny: float
    basis: ValueBasis
    source: str


@dataclass(frozen=True, slots=True)
class TermsOverride:
    """Terms of one asset that differ from its kind's; None keeps the catalogue's."""

    risk_premium_annual: float | None = None
    event_intensity_annual: float | None = None
    event_severity: float | None = None
    quantity_cv: float | None = None
    disposal_cost: float | None = None
    disposal_lag_years: float | None = None
    liquidity_discount: float | None = None
    ltv_cap: float | None = None


@dataclass(frozen=True, slots=True)
class WaterRight:
    """Right to take or use water. Worth exactly nothing after the permit's end unless it may be renewed."""

    volume_m3_per_year: float
    remaining_term_years: float
    renewal_probability: float = 0.0
    renewal_term_years: float = 5.0
    renewals: int = 0
    transferable_share: float = 1.0
    conveyance_efficiency: float = 1.0
    allocation_factor: str = ""
    reliability: float = 1.0
    price_cny_per_m3: float | None = None
    cost_cny_per_m3: float = 0.0
    buy_back_volume_m3_per_year: float = 0.0
    buy_back_factor: str = ""
    use_months: tuple[int, ...] = ()
    carry_over_share: float = 0.0
    monthly_payments: bool = False
    monthly_shares: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class StandGrowth:
    """Growth of a planted stand: stem volume by age, m3/ha, on a curve of the three parameters."""

    species: str
    area_ha: float
    age_years: float
    asymptotic_volume_m3_per_ha: float
    rate_per_year: float
    shape: float
    curve: GrowthCurve = GrowthCurve.RICHARDS


@dataclass(frozen=True, slots=True)
class DiameterClass:
    """Trees of one class of diameter at breast height, and what its mean tree grows a year."""

    diameter_cm: float
    height_m: float
    trees_per_ha: float
    diameter_growth_cm_per_year: float = 0.0
    height_growth_m_per_year: float = 0.0


@dataclass(frozen=True, slots=True)
class StandInventory:
    """A stand given by its trees; biomass by the equations of the species, carbon by its carbon fraction."""

    species: str
    area_ha: float
    classes: tuple[DiameterClass, ...]
    carbon_fraction: float | None = None
    mortality_annual: float = 0.0


@dataclass(frozen=True, slots=True)
class CarbonIssuance:
    """How the credits of a forest-carbon asset arise: declared tonnes a year, a growing stand, or counted trees."""

    instrument: CarbonInstrument
    crediting_years: float
    tonnes_per_year: float | None = None
    growth: StandGrowth | None = None
    monitoring_period_years: float = 5.0
    issuance_lag_years: float = 1.0
    risk_deduction: float | None = None
    uncertainty_deduction: float = 0.0
    registration_probability: float | None = None
    verification_ratio: float = 1.0
    price_cny_per_t: float | None = None
    cost_cny_per_issuance: float = 0.0
    area_ha: float | None = None
    methodology: str = ""
    start_years: float = 0.0
    conversion_probability: float = 0.0
    conversion_from_years: float = 0.0
    inventory: StandInventory | None = None


@dataclass(frozen=True, slots=True)
class ForestCarbonReceivable:
    """Revenue from forest carbon, without the forest."""

    issuance: CarbonIssuance


@dataclass(frozen=True, slots=True)
class ForestTenure:
    """Forest tenure valued by the harvest that it brings."""

    area_ha: float
    years_to_harvest: float
    harvest_volume_m3_per_ha: float
    net_price_cny_per_m3: float
    cost_cny_per_ha_year: float = 0.0
    stand_adjustment: float = 1.0
    tenure_term_years: float | None = None
    bare_land_value_cny_per_ha: float = 0.0


@dataclass(frozen=True, slots=True)
class CarbonAndTenure:
    """Forest tenure together with its carbon revenue: one forest, one fire, one decision."""

    tenure: ForestTenure
    issuance: CarbonIssuance


@dataclass(frozen=True, slots=True)
class AccountSpecification:
    """The specification that an ecosystem account follows, such as SEEA EA in its version 2021."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class ServiceIncome:
    """One ecosystem service of an account and the part of it that becomes cash.

    Attributes:
        service: code of the catalogue, or a name of the account's specification where that is stated.
        account_value_cny_per_year: gross product.
        realisable_share: of that, paid in cash to anybody.
        cost_cny_per_year: of earning it.
        pledgor_share: of what is paid, the pledgor's.
        quantity_per_year, unit_price_cny: behind the value, in the service's unit; checked where both are stated.
        quantity_cv: error of the quantity where it is known; None means the table's.
    """

    service: str
    account_value_cny_per_year: float
    realisable_share: float
    cost_cny_per_year: float = 0.0
    pledgor_share: float = 1.0
    quantity_per_year: float | None = None
    unit_price_cny: float | None = None
    quantity_cv: float | None = None


@dataclass(frozen=True, slots=True)
class GepRevenueRight:
    """Right to the cash that a region's ecosystem services bring; the GEP total itself is never lent against."""

    services: tuple[ServiceIncome, ...]
    term_years: float
    specification: str = ""
    account_specification: AccountSpecification | None = None
    uncertainty_by_service: bool = False


@dataclass(frozen=True, slots=True)
class VepYear:
    """Income and cost of one year (1, 2, ...) of a VEP project."""

    year: int
    revenue_cny: float
    operating_cost_cny: float = 0.0
    wages_cny: float = 0.0
    capital_cny: float = 0.0


@dataclass(frozen=True, slots=True)
class ResidualIncome:
    """Method (A): revenue less cost, wages and the return on capital."""

    years: tuple[VepYear, ...]
    revenue_factor: str
    capital_return_annual: float = 0.0
    ecological_share: float = 1.0


@dataclass(frozen=True, slots=True)
class ServiceChange:
    """Change of one service with and without the project, in the service's unit a year."""

    service: str
    quantity_with: float
    quantity_without: float
    unit_price_cny: float
    realisable_share: float
    pledgor_share: float = 1.0
    quantity_cv: float | None = None


@dataclass(frozen=True, slots=True)
class WithWithout:
    """Method (B): value with the project less value without it."""

    changes: tuple[ServiceChange, ...]
    account_specification: AccountSpecification | None = None
    uncertainty_by_service: bool = False


@dataclass(frozen=True, slots=True)
class VepProject:
    """Ecological product of a specific unit."""

    term_years: float
    method: ResidualIncome | WithWithout
    restoration_cost_cny_per_year: float = 0.0


@dataclass(frozen=True, slots=True)
class CataloguedRight:
    """Any kind of the catalogue that is a quantity times a factor.

    Attributes:
        kind: code in the catalogue, such as "green_certificate".
        quantity_per_year: in `unit`, or in the kind's unit where `unit` is empty.
        quantity_as_of: date to which the quantity refers.
    """

    kind: str
    quantity_per_year: float
    term_years: float
    unit: str = ""
    unit_price_cny: float | None = None
    cost_cny_per_year: float = 0.0
    realisable_share: float | None = None
    start_years: float = 0.0
    quantity_as_of: dt.date | None = None


AssetDetail = (
    WaterRight
    | ForestCarbonReceivable
    | ForestTenure
    | CarbonAndTenure
    | GepRevenueRight
    | VepProject
    | CataloguedRight
)


@dataclass(frozen=True, slots=True)
class Asset:
    """One asset that is or may be pledged.

    Attributes:
        asset_id: unique for the institution.
        name: for people.
        place: for people, and compared with the river of its factors; empty where unknown.
        detail: the asset itself.
        stated_value: what others say it is worth.
        assumed_fields: paths of inputs that are assumptions, such as "water_right.remaining_term_years".
        terms: terms that replace the catalogue's.
    """

    asset_id: str
    name: str
    place: str
    detail: AssetDetail
    stated_value: StatedValue | None = None
    assumed_fields: tuple[str, ...] = ()
    terms: TermsOverride | None = None
