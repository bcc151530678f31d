"""The typed client of the quality of loans: domain values in and out, domain errors."""

import datetime as dt
from collections.abc import Mapping, Sequence

import grpc

from ecopledge.loans.v1.loans_pb2_grpc import LoansServiceStub
from services.loans.quality import translate_capital, translate_classification, translate_credit_loss
from services.loans.quality.capital import DEFAULT_PATHS as CAPITAL_PATHS
from services.loans.quality.capital import CapitalQuestion, CapitalReport, GuarantorFacts, IrbCollateral
from services.loans.quality.classification import DebtorFacts
from services.loans.quality.classification_report import BookQuality, ClassificationQuestion
from services.loans.quality.credit_loss import (
    DEFAULT_PATHS,
    DEFAULT_SEED,
    CreditLossQuestion,
    CreditLossReport,
)
from services.loans.segments.compensation_fund import CompensationFundTerms
from services.loans.segments.default_curve import DefaultCurve
from services.runtime.channel import calling
from services.runtime.errors import InvalidInput
from services.runtime.market import MarketSnapshot


class QualityClient:
    """Calls the loans service about classification, expected credit loss and capital.

    Args:
        channel: from `services.runtime.channel.open_channel`; it says for which institution.

    Every method may raise the errors of `services.runtime.errors`.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = LoansServiceStub(channel)

    def classify_loans(
        self,
        as_of: dt.date,
        *,
        debtors: Sequence[DebtorFacts] = (),
        compare_with: dt.date | None = None,
    ) -> BookQuality:
        """Classifies the loans whose positions are in force on a day.

        Args:
            as_of: day.
            debtors: what is known of debtors across banks, each once.
            compare_with: earlier day; migrations since then are told.

        Raises:
            NotFound: no loan has a position.
            InvalidInput: a wrong field, or a day before the first rule.
        """
        try:
            question = ClassificationQuestion(as_of, tuple(debtors), compare_with)
        except ValueError as error:
            raise InvalidInput(str(error)) from error
        request = translate_classification.classification_question_to_wire(question)
        with calling():
            return translate_classification.book_quality_from_wire(self._stub.ClassifyLoans(request))

    def measure_credit_loss(
        self,
        snapshot: MarketSnapshot,
        *,
        as_of: dt.date | None = None,
        loan_ids: Sequence[str] = (),
        debtors: Sequence[DebtorFacts] = (),
        origination: Mapping[str, float] | None = None,
        explained_loan_ids: Sequence[str] = (),
        n_paths: int = DEFAULT_PATHS,
        seed: int = DEFAULT_SEED,
        default_curves: Sequence[DefaultCurve] = (),
        compensation_funds: Sequence[CompensationFundTerms] = (),
        without_book_terms: bool = False,
        timeout_s: float | None = None,
    ) -> CreditLossReport:
        """Expected credit loss in stages 1 to 3 over the weighted scenarios of the rules.

        Args:
            snapshot: the market, taken as that of the day of the book.
            as_of: day of the book; the snapshot's when absent.
            loan_ids: only these; all of the institution when empty.
            debtors: what is known of debtors across banks, each once.
            origination: annual probability at origination by loan; the first recorded state where one is missing.
            explained_loan_ids: loans whose quarters are listed, up to 1,000.
            n_paths: even, 2 to 100,000.
            seed: of the scenario universe.
            default_curves: term structures of default in stages 1 and 2;
                the first that has a loan is taken; those of the book when empty.
            compensation_funds: named funds; the first that has a loan is taken; those of the book when empty.
            without_book_terms: leave out the curves and funds that the book keeps.
            timeout_s: deadline; that of the channel when absent.

        Raises:
            NotFound: no loans, or an unknown one.
            InvalidInput: a wrong field, a factor that the snapshot does not have, a day before the first rule.
        """
        given = () if origination is None else tuple(sorted(origination.items()))
        try:
            question = CreditLossQuestion(
                snapshot,
                as_of,
                tuple(loan_ids),
                tuple(debtors),
                given,
                tuple(explained_loan_ids),
                n_paths,
                seed,
                tuple(default_curves),
                tuple(compensation_funds),
                without_book_terms,
            )
        except ValueError as error:
            raise InvalidInput(str(error)) from error
        request = translate_credit_loss.credit_loss_question_to_wire(question)
        with calling():
            return translate_credit_loss.credit_loss_from_wire(
                self._stub.MeasureCreditLoss(request, timeout=timeout_s)
            )

    def measure_capital(
        self,
        snapshot: MarketSnapshot,
        *,
        as_of: dt.date | None = None,
        loan_ids: Sequence[str] = (),
        guarantors: Sequence[GuarantorFacts] = (),
        irb_collateral: IrbCollateral = IrbCollateral.OTHER_PHYSICAL,
        n_paths: int = CAPITAL_PATHS,
        seed: int = DEFAULT_SEED,
        default_curves: Sequence[DefaultCurve] = (),
        compensation_funds: Sequence[CompensationFundTerms] = (),
        without_book_terms: bool = False,
        timeout_s: float | None = None,
    ) -> CapitalReport:
        """Capital by the weight method, the foundation approach as a what-if, and economic capital.

        Args:
            snapshot: the market, taken as that of the day of the book.
            as_of: day of the book; the snapshot's when absent.
            loan_ids: only these; all of the institution when empty.
            guarantors: what is known of guarantors, each once; a guarantor without facts does not count.
            irb_collateral: as what a pledge would count in the what-if.
            n_paths: of the economic capital, 256 to 10,000,000.
            seed: of the scenario universe.
            default_curves: term structures of default of the economic capital;
                the first that has a loan is taken; those of the book when empty.
            compensation_funds: named funds; the first that has a loan is taken; those of the book when empty.
            without_book_terms: leave out the curves and funds that the book keeps.
            timeout_s: deadline; that of the channel when absent.

        Raises:
            NotFound: no loans, or an unknown one.
            InvalidInput: a wrong field, a factor that the snapshot does not have, a day before the first rule.
        """
        try:
            question = CapitalQuestion(
                snapshot,
                as_of,
                tuple(loan_ids),
                tuple(guarantors),
                irb_collateral,
                n_paths,
                seed,
                tuple(default_curves),
                tuple(compensation_funds),
                without_book_terms,
            )
        except ValueError as error:
            raise InvalidInput(str(error)) from error
        request = translate_capital.capital_question_to_wire(question)
        with calling():
            return translate_capital.capital_from_wire(self._stub.MeasureCapital(request, timeout=timeout_s))
