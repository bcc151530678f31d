"""Who takes part in a fund and how its cash is shared."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from quant.waterfall import steps as quant_steps
from quant.waterfall.flaws import find_flaws, find_rule_flaws
from quant.waterfall.over_paths import ESCROW, GRASSROOTS, Waterfall
from quant.waterfall.steps import (
    CarrySplit,
    CatchUp,
    CedeTier,
    Clawback,
    Flaw,
    GrassrootsShare,
    Recycling,
    WaterfallError,
)

GRASSROOTS_ID = "grassroots"
ESCROW_ID = "escrow"
HIGHEST_FEE = 0.1
LONGEST_LIFE_YEARS = 50
LONGEST_EXTENSION_YEARS = 10
MOST_PARTNERS = 100
LATEST_FLOW_YEAR = 100
_RESERVED = {
    GRASSROOTS_ID: "the grass roots",
    ESCROW_ID: "the account on which carry waits",
}


class PartnerClass(StrEnum):
    """Class of a partner."""

    CITY_FINANCE = "city_finance"
    PROVINCIAL_COMPANY = "provincial_company"
    SOCIAL_CAPITAL = "social_capital"
    MANAGER = "manager"


class FeeBase(StrEnum):
    """What the management fee is a share of."""

    PAID_IN = "paid_in"
    """All capital paid in before the year."""
    INVESTED = "invested"
    """Capital paid in and not yet returned at the end of the year before."""


class Distribution(StrEnum):
    """Whether all cash runs through the steps together or each deal's by itself."""

    WHOLE_FUND = "whole_fund"
    DEAL_BY_DEAL = "deal_by_deal"


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner of the fund; calls are made in proportion to commitments.

    Attributes:
        partner_id: unique among the partners, neither "grassroots" nor "escrow".
        name: for people.
        partner_class: the manager is the one who receives carry.
        commitment_cny: >= 0, exact.
    """

    partner_id: str
    name: str
    partner_class: PartnerClass
    commitment_cny: Decimal


@dataclass(frozen=True, slots=True)
class ReturnOfCapital:
    """As `quant.waterfall.steps.ReturnOfCapital`, with the partners by their ids."""

    partner_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PreferredReturn:
    """As `quant.waterfall.steps.PreferredReturn`, with the partners by their ids."""

    rate_annual: float
    is_simple: bool = False
    partner_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CedeExcess:
    """As `quant.waterfall.steps.CedeExcess`, with the partner by its id."""

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
        fee_rate_annual: management fee as a share of its base, 0 to 0.1.
        life_years: 1 to 50.
        assumptions: terms that are not published and were assumed, in plain words.
        fee_base: what the fee is a share of.
        investment_period_years: after so many years the fee steps down; None where it never does.
        fee_rate_after_annual: the fee after the investment period; None with `investment_period_years` None.
        extension_years: by which the life may be prolonged, 0 to 10.
        distribution: of the whole fund or deal by deal.
        carries_losses: deal by deal, losses of realised deals are paid by later ones before their profit is shared.
        clawback: None where carry that was paid is kept.
        recycling: None where returned capital may not be called again.
    """

    name: str
    partners: tuple[Partner, ...]
    steps: tuple[Step, ...]
    fee_rate_annual: float
    life_years: int
    assumptions: tuple[str, ...] = ()
    fee_base: FeeBase = FeeBase.PAID_IN
    investment_period_years: int | None = None
    fee_rate_after_annual: float | None = None
    extension_years: int = 0
    distribution: Distribution = Distribution.WHOLE_FUND
    carries_losses: bool = True
    clawback: Clawback | None = None
    recycling: Recycling | None = None

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
        return Waterfall(
            self._commitments(),
            self._manager(),
            self._quant_steps(),
            is_deal_by_deal=self.distribution is Distribution.DEAL_BY_DEAL,
            carries_losses=self.carries_losses,
            clawback=self.clawback,
            recycling=self.recycling,
        )

    def fee_rate_in(self, year: int) -> float:
        """The rate of the fee in a year of the fund; the investment period is the years before its end."""
        period, after = self.investment_period_years, self.fee_rate_after_annual
        return self.fee_rate_annual if period is None or after is None or year < period else after

    @property
    def last_year(self) -> int:
        """The last year of the fund, extension included."""
        return self.life_years + self.extension_years

    def recipient_ids(self) -> tuple[str, ...]:
        """The partners in order, then the grass roots where a step pays them."""
        shared = any(isinstance(step, GrassrootsShare) for step in self.steps)
        return (*(partner.partner_id for partner in self.partners), *((GRASSROOTS_ID,) if shared else ()))

    def recipient_id(self, position: int) -> str:
        """Id of a recipient by the position that the interpreter knows it by."""
        if position == ESCROW:
            return ESCROW_ID
        return GRASSROOTS_ID if position == GRASSROOTS else self.partners[position].partner_id

    def _waterfall_flaws(self) -> list[Flaw]:
        manager = self._manager()
        return [
            *find_flaws(self._commitments(), manager, self._quant_steps()),
            *find_rule_flaws(manager, self.clawback, self.recycling),
        ]

    def _commitments(self) -> tuple[Decimal, ...]:
        return tuple(partner.commitment_cny for partner in self.partners)

    def _manager(self) -> int | None:
        classes = [partner.partner_class for partner in self.partners]
        return classes.index(PartnerClass.MANAGER) if PartnerClass.MANAGER in classes else None

    def _quant_steps(self) -> tuple[quant_steps.Step, ...]:
        ids = [partner.partner_id for partner in self.partners]
        # A position that no partner has: the numerics tell that the id is unknown.
        positions = {partner_id: i for i, partner_id in reversed(list(enumerate(ids)))}
        return tuple(_quant_step(step, positions) for step in self.steps)


@dataclass(frozen=True, slots=True)
class StoredTerms:
    """A version of a term sheet; versions are never overwritten.

    Attributes:
        terms_id: of the term sheet.
        as_of: business date from which it is in force.
        recorded_at: in UTC.
        terms: of the fund.
    """

    terms_id: str
    as_of: dt.date
    recorded_at: dt.datetime
    terms: FundTerms


def _quant_step(step: Step, positions: dict[str, int]) -> quant_steps.Step:
    def at(partner_ids: tuple[str, ...]) -> tuple[int, ...]:
        return tuple(positions.get(partner_id, -1) for partner_id in partner_ids)

    match step:
        case ReturnOfCapital(partner_ids):
            return quant_steps.ReturnOfCapital(at(partner_ids))
        case PreferredReturn(rate, is_simple, partner_ids):
            return quant_steps.PreferredReturn(rate, is_simple, at(partner_ids))
        case CedeExcess(partner_id, tiers, multiple):
            return quant_steps.CedeExcess(positions.get(partner_id, -1), tiers, multiple)
        case _:
            return step


def _partner_flaws(partners: tuple[Partner, ...]) -> list[Flaw]:
    flaws = []
    seen: set[str] = set()
    managers = 0
    for i, partner in enumerate(partners):
        if partner.partner_id in seen:
            flaws.append(
                Flaw(f"partners[{i}].partner_id", f"found {partner.partner_id!r} twice, expected each once")
            )
        if partner.partner_id in _RESERVED:
            stands_for = _RESERVED[partner.partner_id]
            flaws.append(
                Flaw(
                    f"partners[{i}].partner_id",
                    f"found {partner.partner_id!r}, which stands for {stands_for}",
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
    flaws += _fee_flaws(terms)
    if not 0 <= terms.extension_years <= LONGEST_EXTENSION_YEARS:
        found = f"found {terms.extension_years}, expected a number from 0 to {LONGEST_EXTENSION_YEARS}"
        flaws.append(Flaw("extension_years", found))
    return flaws


def _fee_flaws(terms: FundTerms) -> list[Flaw]:
    """What is wrong with the step-down: both of its fields or none."""
    period, after = terms.investment_period_years, terms.fee_rate_after_annual
    if period is None and after is None:
        return []
    flaws = []
    if period is None or not 1 <= period <= terms.life_years:
        expected = f"a number from 1 to the life of {terms.life_years} years, after which the fee steps down"
        flaws.append(Flaw("investment_period_years", f"found {period}, expected {expected}"))
    if after is None or not 0.0 <= after <= terms.fee_rate_annual:
        expected = f"a number from 0 to fee_rate_annual ({terms.fee_rate_annual})"
        flaws.append(Flaw("fee_rate_after_annual", f"found {after}, expected {expected}"))
    return flaws
