"""One published pledge case as it was published: nothing is filled in, `None` means "not published"."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from services.valuation.asset import ValueBasis

# 1 万元 in CNY and 1 亩 in ha (15 mu are one hectare).
CNY_PER_WAN = Decimal(10_000)
MU_PER_HA = Decimal(15)


class CollateralKind(StrEnum):
    """What was pledged, as the file names it."""

    GEP = "gep"
    VEP = "vep"
    ECOLOGICAL_RIGHT = "ecological_right"
    BAMBOO_CARBON = "bamboo_carbon"
    WATER_RIGHT = "water_right"
    FOREST_CARBON_AND_TENURE = "forest_carbon+tenure"
    RESERVE_FOREST = "reserve_forest"
    FOREST_CARBON = "forest_carbon"
    FOREST_TICKET = "forest_ticket"


class QuantityUnit(StrEnum):
    """Units of the published quantity; a total is never a quantity a year."""

    M3_PER_YEAR = "m3/yr"
    T_CO2E_PER_YEAR = "t CO2e/yr"
    T_CO2E_TOTAL = "t CO2e total"


# What each wording of the file means. Other wordings ("lower bound", "whole town") leave the basis open.
_BASIS_OF_WORDING = {
    "annual GEP": ValueBasis.ANNUAL_FLOW,
    "one year's volume x price": ValueBasis.ANNUAL_FLOW,
    "undiscounted sum over the operating period, lower bound": ValueBasis.PERIOD_SUM_UNDISCOUNTED,
    "undiscounted revenue over 20 years": ValueBasis.PERIOD_SUM_UNDISCOUNTED,
    "option-adjusted model value (model lower bound 592)": ValueBasis.PRESENT_VALUE,
}

_OTHER_PLEDGES = ("plus fixed assets", "added to a sewage-fee pledge")


@dataclass(frozen=True, slots=True)
class PublishedCase:
    """One row of published_pledge_cases.csv.

    Attributes:
        case_id: C01 to C29.
        kind: what was pledged.
        place, lender: Chinese, as published; lender empty where not published.
        year: of the loan.
        quantity_per_year: in `quantity_unit`; the unit says where it is a total instead.
        quantity_unit: None where there is no quantity.
        price_used_cny: CNY per unit of the quantity.
        term_years: of the loan or of the right; the file does not say which.
        published_value_wan: 万元.
        value_basis: wording of the file.
        loan_wan, credit_line_wan: 万元.
        ltv_stated_pct, rate_pct, guarantee_fee_pct: percent.
        structure: wording of the file.
        source: where it was published.
    """

    case_id: str
    kind: CollateralKind
    place: str
    lender: str
    year: int | None
    quantity_per_year: Decimal | None
    quantity_unit: QuantityUnit | None
    price_used_cny: Decimal | None
    term_years: Decimal | None
    published_value_wan: Decimal | None
    value_basis: str
    loan_wan: Decimal | None
    credit_line_wan: Decimal | None
    ltv_stated_pct: Decimal | None
    rate_pct: Decimal | None
    guarantee_fee_pct: Decimal | None
    structure: str
    source: str

    @property
    def basis(self) -> ValueBasis:
        """What the published value means.

        A GEP is the flow of one year by definition; a VEP without a wording is open.
        """
        if self.kind is CollateralKind.GEP:
            return ValueBasis.ANNUAL_FLOW
        return _BASIS_OF_WORDING.get(self.value_basis, ValueBasis.UNSTATED)

    @property
    def is_lower_bound(self) -> bool:
        """Whether the published value is only the least that it may be."""
        return "lower bound" in self.value_basis and not self.value_basis.startswith("option")

    @property
    def has_other_pledge(self) -> bool:
        """Whether something that was not published stood behind the loan as well."""
        return any(wording in self.structure for wording in _OTHER_PLEDGES)

    @property
    def granted_wan(self) -> Decimal | None:
        """What the bank gave, 万元: the loan where published, else the credit line."""
        return self.loan_wan if self.loan_wan is not None else self.credit_line_wan

    @property
    def term_meaning(self) -> str | None:
        """Whose term was published: "right" where the value runs over it, "loan" where it has years of grace."""
        if self.term_years is not None and f"revenue over {self.term_years} years" in self.value_basis:
            return "right"
        return "loan" if self.grace_years is not None else None

    @property
    def area_mu(self) -> Decimal | None:
        """Area in 亩 where the structure names one."""
        return self._number_in_structure(r"([\d.]+) mu\b")

    @property
    def area_ha(self) -> Decimal | None:
        """Area in ha where the structure names one."""
        return None if self.area_mu is None else self.area_mu / MU_PER_HA

    @property
    def project_investment_wan(self) -> Decimal | None:
        """Cost of the project, 万元, where the structure names it."""
        return self._number_in_structure(r"project investment ([\d.]+) wan")

    @property
    def annual_revenue_wan(self) -> Decimal | None:
        """Revenue a year, 万元, where the structure names it."""
        return self._number_in_structure(r"revenue ([\d.]+) wan/yr")

    @property
    def grace_years(self) -> Decimal | None:
        """Years in which no principal is paid, where the structure names them."""
        return self._number_in_structure(r"([\d.]+) years of grace")

    def _number_in_structure(self, pattern: str) -> Decimal | None:
        match = re.search(pattern, self.structure)
        return None if match is None else Decimal(match.group(1))
