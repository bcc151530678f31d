"""The published cases as one loan book: what a bank would hold if it had made all of these loans.

Only cases with a published loan and a pledge that could be valued take part; a credit line that nobody says was drawn
does not. Everything that was not published comes from an editable file.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec

from flows.main_job_result import StatedAssumption
from flows.published_cases.appraisal import CaseAppraisal
from flows.published_cases.case import CNY_PER_WAN, PublishedCase
from flows.recorded_value import recorded_value
from quant.schedules import ExposureSchedule
from services.loans.collateral import Collateral
from services.loans.loan import IndexWeight, Loan, RepaymentKind, RepaymentTerms
from services.runtime.errors import InvalidInput
from services.valuation.valuation import LoanTerms

_MONTHS = 12


class StatedFigure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A figure that was assumed, and why."""

    value: float
    reason_zh: str
    reason_en: str


class BookAssumptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What turns cases into a book.

    Attributes:
        horizon_years, n_paths: of the simulation.
        default_probability_annual, asset_correlation, unsecured_lgd: of every loan.
        index: kind of borrower -> factor -> weight.
        borrowers: kind of pledge -> kind of borrower.
        borrowers_of_cases: case -> kind of borrower, where it is not that of the kind of pledge.
    """

    horizon_years: float
    n_paths: int
    default_probability_annual: StatedFigure
    asset_correlation: StatedFigure
    unsecured_lgd: StatedFigure
    index: Mapping[str, Mapping[str, float]]
    borrowers: Mapping[str, str]
    borrowers_of_cases: Mapping[str, str]

    def weights(self, pledge_kind: str, case_id: str) -> tuple[IndexWeight, ...]:
        """The index of who pledges an asset of a kind, or of the case where that is another.

        Raises:
            InvalidInput: the kind, or its kind of borrower, has no entry.
        """
        borrower = self.borrowers_of_cases.get(case_id, self.borrowers.get(pledge_kind))
        if borrower is None:
            raise InvalidInput.of(f"borrowers.{pledge_kind}", "found nothing, expected the kind of borrower")
        if borrower not in self.index:
            raise InvalidInput.of(f"index.{borrower}", "found nothing, expected weights of factors")
        return tuple(IndexWeight(factor, weight) for factor, weight in self.index[borrower].items())

    def stated(self, place: str) -> tuple[StatedAssumption, ...]:
        """The assumptions as the report lists them."""
        figures = {
            "default_probability_annual": self.default_probability_annual,
            "asset_correlation": self.asset_correlation,
            "unsecured_lgd": self.unsecured_lgd,
        }
        listed = [
            StatedAssumption(place, name, f"{figure.value:g}", figure.reason_zh, figure.reason_en)
            for name, figure in figures.items()
        ]
        for borrower, weights in self.index.items():
            shown = ", ".join(f"{factor} {weight:g}" for factor, weight in weights.items())
            listed.append(
                StatedAssumption(
                    place, f"index.{borrower}", shown, "景气指数权重", "weights of the borrower's index"
                )
            )
        return tuple(listed)


@dataclass(frozen=True, slots=True)
class LoanBook:
    """Loans and what secures them."""

    loans: tuple[Loan, ...]
    collateral: tuple[Collateral, ...]


def read_book_assumptions(path: Path) -> BookAssumptions:
    """Read the assumptions.

    Raises:
        InvalidInput: file missing or wrong, naming the place.
    """
    try:
        return msgspec.toml.decode(path.read_bytes(), type=BookAssumptions)
    except OSError as error:
        raise InvalidInput.of(str(path), f"cannot be read: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise InvalidInput.of(str(path), str(error)) from error


def loan_book(
    appraisals: Iterable[CaseAppraisal],
    schedules: Mapping[str, ExposureSchedule],
    assumptions: BookAssumptions,
    as_of: date,
    snapshot_id: str,
) -> LoanBook:
    """The loans of the cases that have one, as if all were drawn on a day.

    Args:
        appraisals: of the cases.
        schedules: exposures of the pledges by asset id.
        assumptions: for what was not published.
        as_of: day of the book, on which the loans are taken to be drawn in full.
        snapshot_id: under which the schedules were made.
    """
    loans, collateral = [], []
    for appraisal in appraisals:
        case, terms = appraisal.mapping.case, appraisal.mapping.terms
        if case.loan_wan is None or terms is None or case.case_id not in schedules:
            continue
        loans.append(_loan(case, case.loan_wan, terms, assumptions, as_of))
        collateral.append(_pledge(appraisal, schedules[case.case_id], as_of, snapshot_id))
    return LoanBook(tuple(loans), tuple(collateral))


def _pledge(
    appraisal: CaseAppraisal, schedule: ExposureSchedule, as_of: date, snapshot_id: str
) -> Collateral:
    """The pledge with what the valuation found, so that the loans service can tell of a later fall."""
    recorded = recorded_value(None if appraisal.pledge is None else appraisal.pledge.valuation)
    return Collateral(
        appraisal.case_id,
        appraisal.case_id,
        schedule,
        as_of,
        snapshot_id,
        value_cny=recorded.value_cny,
        valuation_warnings=recorded.warning_codes,
    )


def _loan(
    case: PublishedCase, loan_wan: Decimal, terms: LoanTerms, assumptions: BookAssumptions, as_of: date
) -> Loan:
    years = max(1, round(terms.tenor_years))
    return Loan(
        loan_id=case.case_id,
        borrower_id=case.case_id,
        name=f"{case.case_id} {case.place}",
        county=case.place,
        industry="",
        product=case.kind.value,
        terms=RepaymentTerms(
            principal_cny=round(loan_wan * CNY_PER_WAN, 2),
            drawn_on=as_of,
            periods=years,
            rate_annual=terms.rate_annual,
            kind=RepaymentKind.EQUAL_INSTALMENT,
            months_per_period=_MONTHS,
            grace_periods=min(round(terms.grace_years), years - 1),
        ),
        default_probability_annual=assumptions.default_probability_annual.value,
        asset_correlation=assumptions.asset_correlation.value,
        unsecured_lgd=assumptions.unsecured_lgd.value,
        index_weights=assumptions.weights(case.kind.value, case.case_id),
    )
