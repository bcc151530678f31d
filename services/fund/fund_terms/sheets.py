"""Term sheets from a TOML file."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import msgspec

from quant.waterfall.steps import CarrySplit, CatchUp, Clawback, GrassrootsShare, Recycling
from services.fund.fund_terms.terms import (
    CedeExcess,
    Distribution,
    FeeBase,
    FundTerms,
    Partner,
    PreferredReturn,
    ReturnOfCapital,
    Step,
)
from services.runtime.errors import FieldViolation, InvalidInput
from services.runtime.toml_file import decode_toml


@dataclass(frozen=True, slots=True)
class TermSheet:
    """A term sheet with its sources.

    Attributes:
        sheet_id: how it is chosen.
        terms: with the assumptions in them.
        published: what sources say, in plain words.
    """

    sheet_id: str
    terms: FundTerms
    published: tuple[str, ...]


class _StepForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step in the file: a table with exactly one of these keys."""

    return_of_capital: ReturnOfCapital | None = None
    preferred_return: PreferredReturn | None = None
    catch_up: CatchUp | None = None
    carry_split: CarrySplit | None = None
    cede_excess: CedeExcess | None = None
    grassroots_share: GrassrootsShare | None = None

    def step(self) -> Step:
        """The one step that is stated.

        Raises:
            ValueError: if there is none or more than one.
        """
        stated = {name: getattr(self, name) for name in self.__struct_fields__}
        stated = {name: step for name, step in stated.items() if step is not None}
        if len(stated) != 1:
            raise ValueError(
                f"found {', '.join(stated) or 'nothing'}, expected exactly one of {', '.join(self.__struct_fields__)}"
            )
        found: Step = next(iter(stated.values()))
        return found


class _SheetForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sheet_id: str
    name: str
    life_years: int
    fee_rate_annual: float
    partners: tuple[Partner, ...]
    steps: tuple[_StepForm, ...]
    fee_base: FeeBase = FeeBase.PAID_IN
    investment_period_years: int | None = None
    fee_rate_after_annual: float | None = None
    extension_years: int = 0
    distribution: Distribution = Distribution.WHOLE_FUND
    carries_losses: bool = True
    clawback: Clawback | None = None
    recycling: Recycling | None = None
    published: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    term_sheets: tuple[_SheetForm, ...]


def read_term_sheets(path: Path) -> dict[str, TermSheet]:
    """Term sheets of a file by id.

    Raises:
        InvalidInput: naming file, place, what was found and what is expected.
    """
    sheets: dict[str, TermSheet] = {}
    violations: list[FieldViolation] = []
    for i, form in enumerate(decode_toml(path, _File).term_sheets):
        place = f"{path}: term_sheets[{i}]"
        if form.sheet_id in sheets:
            violations.append(
                FieldViolation(f"{place}.sheet_id", f"found {form.sheet_id!r} twice, expected each once")
            )
        try:
            terms = _terms(form)
        except _StepError as error:
            violations.append(FieldViolation(f"{place}.{error.field}", str(error)))
            continue
        violations += [
            FieldViolation(f"{place}.{flaw.field}", flaw.description) for flaw in terms.find_flaws()
        ]
        sheets[form.sheet_id] = TermSheet(form.sheet_id, terms, form.published)
    if violations:
        raise InvalidInput.from_violations(violations)
    return sheets


class _StepError(ValueError):
    def __init__(self, field: str, description: str) -> None:
        super().__init__(description)
        self.field = field


def _terms(form: _SheetForm) -> FundTerms:
    steps = []
    for k, step_form in enumerate(form.steps):
        try:
            steps.append(step_form.step())
        except ValueError as error:
            raise _StepError(f"steps[{k}]", str(error)) from error
    partners = tuple(
        Partner(p.partner_id, p.name, p.partner_class, p.commitment_cny + Decimal(0)) for p in form.partners
    )
    return FundTerms(
        form.name,
        partners,
        tuple(steps),
        form.fee_rate_annual,
        form.life_years,
        form.assumptions,
        fee_base=form.fee_base,
        investment_period_years=form.investment_period_years,
        fee_rate_after_annual=form.fee_rate_after_annual,
        extension_years=form.extension_years,
        distribution=form.distribution,
        carries_losses=form.carries_losses,
        clawback=form.clawback,
        recycling=form.recycling,
    )
