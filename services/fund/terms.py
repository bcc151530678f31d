"""Who takes part in a fund and how its cash is shared; flows to be shared, and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from quant import waterfall_steps as quant_steps
from quant.waterfall import GRASSROOTS, Waterfall
from quant.waterfall_steps import (
    CarrySplit,
    CatchUp,
    CedeTier,
    Flaw,
    GrassrootsShare,
    PreferredReturn,
    ReturnOfCapital,
    WaterfallError,
    find_flaws,
)

GRASSROOTS_ID = "grassroots"
HIGHEST_FEE = 0.1
LONGEST_LIFE_YEARS = 50
MOST_PARTNERS = 100
LATEST_FLOW_YEAR = 100


class PartnerClass(StrEnum):
    """Class of a partner."""

    CITY_FINANCE = "city_finance"
    PROVINCIAL_COMPANY = "provincial_company"
    SOCIAL_CAPITAL = "social_capital"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner of the fund; calls are made in proportion to commitments.

    Attributes:
        partner_id: unique among the partners, not "grassroots".
        name: for people.
        partner_class: the manager is the one who receives carry.
        commitment_cny: >= 0, exact.
    """

    partner_id: str
    name: str
    partner_class: PartnerClass
    commitment_cny: Decimal


@dataclass(frozen=True, slots=True)
class CedeExcess:
    """As `quant.waterfall_steps.CedeExcess`, with the partner by its id."""

    partner_id: str
    tiers: tuple[CedeTier, ...]
    reinvestment_multiple: float


Step: TypeAlias = ReturnOfCapital | PreferredReturn | CatchUp | CarrySplit | CedeExcess | GrassrootsShare


@dataclass(frozen=True, slots=True)
class FundTerms:
    """A term sheet.

    Attributes:
        name: of the fund.
        partners: at least one; one manager where a step pays the manager.
        steps: of the waterfall, in order.
        fee_rate_annual: management fee as a share of paid-in capital, 0 to 0.1.
        life_years: 1 to 50.
        assumptions: terms that are not published and were assumed, in plain words.
    """

    name: str
    partners: tuple[Partner, ...]
    steps: tuple[Step, ...]
    fee_rate_annual: float
    life_years: int
    assumptions: tuple[str, ...] = ()

    def find_flaws(self) -> tuple[Flaw, ...]:
        """Everything that is wrong with the terms, with the path of each field."""
        return (*_partner_flaws(self.partners), *_frame_flaws(self), *self._waterfall_flaws())

    def waterfall(self) -> Waterfall:
        """The terms as the interpreter runs them.

        Raises:
            WaterfallError: with every flaw.
        """
        flaws = self.find_flaws()
        if flaws:
            raise WaterfallError(flaws)
        return Waterfall(self._commitments(), self._manager(), self._quant_steps())

    def recipient_ids(self) -> tuple[str, ...]:
        """The partners in order, then the grass roots where a step pays them."""
        shared = any(isinstance(step, GrassrootsShare) for step in self.steps)
        return (*(partner.partner_id for partner in self.partners), *((GRASSROOTS_ID,) if shared else ()))

    def recipient_id(self, position: int) -> str:
        """Id of a recipient by the position that the interpreter knows it by."""
        return GRASSROOTS_ID if position == GRASSROOTS else self.partners[position].partner_id

    def _waterfall_flaws(self) -> list[Flaw]:
        return find_flaws(self._commitments(), self._manager(), self._quant_steps())

    def _commitments(self) -> tuple[Decimal, ...]:
        return tuple(partner.commitment_cny for partner in self.partners)

    def _manager(self) -> int | None:
        classes = [partner.partner_class for partner in self.partners]
        return classes.index(PartnerClass.MANAGER) if PartnerClass.MANAGER in classes else None

    def _quant_steps(self) -> tuple[quant_steps.Step, ...]:
        positions = {partner.partner_id: i for i, partner in enumerate(self.partners)}
        return tuple(
            quant_steps.CedeExcess(positions.get(step.partner_id, -1), step.tiers, step.reinvestment_multiple)
            if isinstance(step, CedeExcess)
            else step
            for step in self.steps
        )


def _partner_flaws(partners: Sequence[Partner]) -> list[Flaw]:
    flaws = []
    seen: set[str] = set()
    managers = 0
    for i, partner in enumerate(partners):
        if partner.partner_id in seen:
            flaws.append(
                Flaw(f"partners[{i}].partner_id", f"found {partner.partner_id!r} twice, expected each once")
            )
        if partner.partner_id == GRASSROOTS_ID:
            flaws.append(
                Flaw(
                    f"partners[{i}].partner_id", f"found {GRASSROOTS_ID!r}, which stands for the grass roots"
                )
            )
        seen.add(partner.partner_id)
        managers += partner.partner_class is PartnerClass.MANAGER
        if partner.partner_class is PartnerClass.MANAGER and managers > 1:
            flaws.append(Flaw(f"partners[{i}].partner_class", "found a second manager, expected at most one"))
    return flaws


def _frame_flaws(terms: FundTerms) -> list[Flaw]:
    flaws = []
    if len(terms.partners) > MOST_PARTNERS:
        flaws.append(Flaw("partners", f"found {len(terms.partners)}, expected at most {MOST_PARTNERS}"))
    if not 0.0 <= terms.fee_rate_annual <= HIGHEST_FEE:
        flaws.append(
            Flaw(
                "fee_rate_annual", f"found {terms.fee_rate_annual}, expected a number from 0 to {HIGHEST_FEE}"
            )
        )
    if not 1 <= terms.life_years <= LONGEST_LIFE_YEARS:
        flaws.append(
            Flaw("life_years", f"found {terms.life_years}, expected a number from 1 to {LONGEST_LIFE_YEARS}")
        )
    return flaws


@dataclass(frozen=True, slots=True)
class FundCashFlow:
    """Cash of the fund in one year, CNY, whole cents, >= 0.

    Attributes:
        year: years from the first closing.
        called_cny: called from the partners.
        distributable_cny: to be distributed.
    """

    year: int
    called_cny: Decimal
    distributable_cny: Decimal


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment to a recipient, exact cents; `step` is the position in the terms."""

    year: int
    recipient_id: str
    step: int
    amount_cny: Decimal


@dataclass(frozen=True, slots=True)
class PartnerResult:
    """What one recipient paid and received; rates are None where there are none."""

    recipient_id: str
    paid_in_cny: Decimal
    received_cny: Decimal
    irr_annual: float | None
    tvpi: float | None


@dataclass(frozen=True, slots=True)
class WaterfallResult:
    """Payments in order of year, step and recipient, and totals in order of the partners."""

    payments: tuple[Payment, ...]
    partners: tuple[PartnerResult, ...]
