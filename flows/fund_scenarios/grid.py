"""What came of a grid of the fund: one comparison of worlds for every term sheet and setting."""

from collections.abc import Iterator
from dataclasses import dataclass

from flows.fund_scenarios.question import FundSetting
from services.fund.fund_terms.terms import FundTerms
from services.fund.simulation.outcome import FundOutcome, PartnerOutcome
from services.fund.simulation.scenario import FundScenario, ScenarioComparison
from services.runtime.errors import InvalidInput
from services.runtime.market import MarketSnapshot


@dataclass(frozen=True, slots=True)
class FundVariant:
    """A term sheet in a setting.

    Attributes:
        sheet_id: of the term sheet.
        terms: as they were simulated.
        setting: what differs from the question.
        comparison: the fund as it is and in every world; None where it was refused.
        refusal: why, in the service's words; "" where it was not.
    """

    sheet_id: str
    terms: FundTerms
    setting: FundSetting
    comparison: ScenarioComparison | None
    refusal: str = ""

    def outcomes(self) -> Iterator[tuple[FundScenario | None, FundOutcome]]:
        """The base first, whose world is None, then every world; nothing where the variant was refused."""
        if self.comparison is None:
            return
        yield None, self.comparison.base
        for each in self.comparison.scenarios:
            yield each.scenario, each.outcome


@dataclass(frozen=True, slots=True)
class FundGrid:
    """All variants.

    Attributes:
        institution_id: whose fund.
        snapshot: the market of the base.
        first_year: calendar year of year 0.
        worlds: every variant is compared with itself in.
        variants: term sheet by term sheet, setting by setting.
        seen_by: whose outcome is compared.
        n_paths, seed: of every variant and world.
        liquidity_rate_annual: of the question, where a setting does not change it.
    """

    institution_id: str
    snapshot: MarketSnapshot
    first_year: int
    worlds: tuple[FundScenario, ...]
    variants: tuple[FundVariant, ...]
    seen_by: str
    n_paths: int
    seed: int
    liquidity_rate_annual: float

    @property
    def answered(self) -> tuple[FundVariant, ...]:
        """Variants that were not refused."""
        return tuple(variant for variant in self.variants if variant.comparison is not None)

    def settings(self) -> tuple[FundSetting, ...]:
        """Each once, in order."""
        return tuple({variant.setting.name: variant.setting for variant in self.variants}.values())


def seen(outcome: FundOutcome, recipient_id: str) -> PartnerOutcome | None:
    """Outcome of a partner or of a class of partners; None where there is none of that name."""
    for each in (*outcome.classes, *outcome.partners):
        if each.recipient_id == recipient_id:
            return each
    return None


def chosen_view(variants: tuple[FundVariant, ...], wanted: str | None) -> str:
    """Whose outcome is compared: the one asked for, else the first class that pays in under every term sheet.

    Raises:
        InvalidInput: nobody of that name takes part under some term sheet; or no class pays in under all of them.
    """
    bases = [variant.comparison.base for variant in variants if variant.comparison is not None]
    if wanted is not None:
        for base in bases:
            if seen(base, wanted) is None:
                known = ", ".join(each.recipient_id for each in (*base.classes, *base.partners))
                raise InvalidInput.of("seen_by", f"found {wanted!r}, expected one of {known}")
        return wanted
    payers = [[each.recipient_id for each in base.classes if each.tvpi is not None] for base in bases]
    for name in payers[0]:
        if all(name in others for others in payers):
            return name
    raise InvalidInput.of("seen_by", "is missing, and no class of partners pays in under every term sheet")
