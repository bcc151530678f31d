"""What the sections ask of a review: the figures with the names of loans, groups and factors beside them."""

from collections.abc import Mapping
from dataclasses import dataclass

from flows.portfolio.book_review import BookFigures, BookReview
from flows.reports.bilingual import Bilingual
from flows.reports.document import Cell
from flows.reports.factor_names import factor_names, name_of_factor
from flows.reports.labels import label
from flows.reports.statistics_workbook.names import Names
from flows.statistics.job import read_tables
from services.loans.loan import LoanRecord
from services.loans.statistics.result import Grouping


@dataclass(frozen=True, slots=True)
class BookFacts:
    """A review of a book that has loans.

    Attributes:
        review, figures: what was asked and answered.
        records: loans by id.
        names: of products, places and modes of guarantee.
        factors: names of the factors by code.
    """

    review: BookReview
    figures: BookFigures
    records: Mapping[str, LoanRecord]
    names: Names
    factors: Mapping[str, Bilingual]

    @property
    def months(self) -> str:
        """Horizon of loss, wrong-way risk and stress."""
        return str(3 * self.review.request.n_quarters)

    def name_of(self, grouping: Grouping, key: str) -> Bilingual:
        """The name of a group; an empty key is one that nobody stated."""
        return self.names.of_key(grouping, key) if key else label("portfolio_row.not_stated")

    def factor(self, code: str) -> Bilingual:
        """The name of a factor, or of several that are taken together ("a + b")."""
        return name_of_factor(self.factors, code)

    def loan(self, loan_id: str) -> Cell:
        """A loan in a table: its id with its name below."""
        record = self.records.get(loan_id)
        return Cell(Bilingual(loan_id, "" if record is None else record.loan.name))

    def borrower_of(self, loan_id: str) -> str:
        """The borrower of a loan; the loan itself where it is not known."""
        record = self.records.get(loan_id)
        return loan_id if record is None else record.loan.borrower_id


def facts_of(review: BookReview, figures: BookFigures) -> BookFacts:
    """Figures with their names.

    Raises:
        InvalidInput: a table of names is missing or wrong.
    """
    records = {record.loan.loan_id: record for record in review.loans}
    return BookFacts(review, figures, records, Names(*read_tables()), factor_names(review.snapshot))
