"""The typed client of the quality of loans: domain values in and out, domain errors."""

import datetime as dt
from collections.abc import Sequence

import grpc

from ecopledge.loans.v1.loans_pb2_grpc import LoansServiceStub
from services.loans.quality import translate_classification
from services.loans.quality.classification import DebtorFacts
from services.loans.quality.classified_book import BookQuality, ClassificationQuestion
from services.runtime.channel import calling
from services.runtime.errors import InvalidInput


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
