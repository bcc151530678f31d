"""The rpcs of the quality of loans: translate, call, translate."""

# gRPC gives the methods their names and arguments.
# ruff: noqa: N802, ARG002

import contextlib
from collections.abc import Iterator

import grpc
import sqlalchemy as sa

from ecopledge.loans.v1 import quality_pb2 as pb
from services.loans.quality import (
    capital_desk,
    classified_book,
    credit_loss_desk,
    translate_capital,
    translate_classification,
    translate_credit_loss,
)
from services.loans.quality.loss_scenarios import read_credit_scenarios
from services.loans.quality.rules_file import read_standard_rules
from services.loans.repository import LoanStore, SqlLoanStore
from services.runtime.call import current_call
from services.runtime.database import reading


class QualityRpcs:
    """What the loans service answers about quality.

    The rules are read for every call, so that an edit counts at once.
    """

    _database: sa.Engine

    def ClassifyLoans(
        self, request: pb.ClassifyLoansRequest, context: grpc.ServicerContext
    ) -> pb.ClassifyLoansResponse:
        """Classifies the loans of a day."""
        question = translate_classification.classification_question_from_wire(request)
        with _open_store(self._database) as store:
            quality = classified_book.classify_book(store, question, read_standard_rules())
        return translate_classification.book_quality_to_wire(quality)

    def MeasureCreditLoss(
        self, request: pb.MeasureCreditLossRequest, context: grpc.ServicerContext
    ) -> pb.MeasureCreditLossResponse:
        """Measures the expected credit loss of a book."""
        question = translate_credit_loss.credit_loss_question_from_wire(request)
        report = credit_loss_desk.measure_credit_loss(
            lambda: _open_store(self._database),
            question,
            read_standard_rules(),
            read_credit_scenarios(),
            current_call().check_alive,
        )
        return translate_credit_loss.credit_loss_to_wire(report)

    def MeasureCapital(
        self, request: pb.MeasureCapitalRequest, context: grpc.ServicerContext
    ) -> pb.MeasureCapitalResponse:
        """Measures the capital of a book."""
        question = translate_capital.capital_question_from_wire(request)
        check_alive = current_call().check_alive
        report = capital_desk.measure_capital(
            lambda: _open_store(self._database), question, read_standard_rules(), check_alive
        )
        return translate_capital.capital_to_wire(report)


@contextlib.contextmanager
def _open_store(database: sa.Engine) -> Iterator[LoanStore]:
    with reading(database) as connection:
        yield SqlLoanStore(connection, current_call().institution_id)
