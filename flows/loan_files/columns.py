"""The columns of loan files (docs/loan-files.md explains them): name, what a cell must be, whether it must be there."""

from dataclasses import dataclass
from enum import StrEnum

from services.loans.conditions import BorrowerSize, GuaranteeMode
from services.loans.loan import RepaymentKind
from services.loans.repayment.changes import LprTenor
from services.loans.reported.position import FiveClass, MovementKind


class Content(StrEnum):
    """What a cell holds."""

    TEXT = "text"
    CHOICE = "choice"
    DATE = "date"
    WHOLE = "whole number"
    NUMBER = "number"
    MONEY = "money"
    YES = "yes or no"
    PAIRS = "pairs"


@dataclass(frozen=True, slots=True)
class FileColumn:
    """One column.

    Attributes:
        name: canonical heading; money ends in `_cny`.
        content: what a cell holds.
        required: whether the column must be there with a value in every row.
        low, high: inclusive bounds of a number or of money in CNY.
        choices: what a choice may be; `labels` names its words in data/loans/labels.csv.
        unit: of a number that headings may state otherwise: "CNY", or "1" for a fraction.
    """

    name: str
    content: Content = Content.TEXT
    required: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    labels: str = ""
    unit: str = ""

    @property
    def expectation(self) -> str:
        """What a cell must be, in words for a message."""
        match self.content:
            case Content.CHOICE:
                return f"one of {', '.join(self.choices)}"
            case Content.DATE:
                return "a date such as 2026-06-30"
            case Content.YES:
                return "是 or 否, true or false"
            case Content.PAIRS:
                return "pairs such as credit_cycle:0.6; ccer_price:0.4"
            case Content.TEXT:
                return "a text"
        unit = {"CNY": " CNY in whole cents", "1": " as a fraction"}.get(self.unit, "")
        return self._bounded(1.0) + unit

    def expected_in(self, unit: str, factor: float) -> str:
        """What a cell must be under a heading that states a unit, of which one is `factor` of the column's."""
        if factor == 1.0:
            return self.expectation
        return f"{self._bounded(factor)} {unit}{' in whole cents' if self.content is Content.MONEY else ''}"

    def _bounded(self, factor: float) -> str:
        bounds = (
            ""
            if self.low is None
            else f" from {self.low / factor:,.10g} to {(self.high or 0.0) / factor:,.15g}"
        )
        return f"a {'number' if self.content is Content.MONEY else self.content.value}{bounds}"


def _money(name: str, *, required: bool = False) -> FileColumn:
    return FileColumn(name, Content.MONEY, required, 0.0, 1e13, unit="CNY")


def _share(name: str, *, required: bool = False) -> FileColumn:
    return FileColumn(name, Content.NUMBER, required, 0.0, 1.0, unit="1")


def _date(name: str, *, required: bool = False) -> FileColumn:
    return FileColumn(name, Content.DATE, required)


def _choice(name: str, choices: type[StrEnum], labels: str = "", *, required: bool = False) -> FileColumn:
    return FileColumn(name, Content.CHOICE, required, choices=tuple(choices), labels=labels or name)


LOANS = (
    FileColumn("loan_id", required=True),
    FileColumn("borrower_id", required=True),
    FileColumn("name"),
    FileColumn("county"),
    FileColumn("industry"),
    FileColumn("product"),
    _money("principal_cny", required=True),
    _date("drawn_on", required=True),
    FileColumn("periods", Content.WHOLE, low=1, high=600),
    _date("matures_on"),
    FileColumn("months_per_period", Content.WHOLE, low=1, high=12),
    FileColumn("grace_periods", Content.WHOLE, low=0, high=599),
    _share("rate_annual", required=True),
    # The parts of a custom plan do not fit a row: such loans come over gRPC.
    FileColumn(
        "kind",
        Content.CHOICE,
        required=True,
        choices=tuple(kind for kind in RepaymentKind if kind is not RepaymentKind.CUSTOM),
        labels="kind",
    ),
    FileColumn("day_count", Content.CHOICE, choices=("ACT/360", "ACT/365", "30E/360"), labels="day_count"),
    _share("default_probability_annual", required=True),
    FileColumn("asset_correlation", Content.NUMBER, required=True, low=0.0, high=0.999, unit="1"),
    _share("unsecured_lgd", required=True),
    FileColumn("index", Content.PAIRS),
    FileColumn("purpose"),
    _date("approved_on"),
    _choice("guarantee_mode", GuaranteeMode),
    _choice("borrower_size", BorrowerSize),
    FileColumn("is_investment_grade", Content.YES),
    FileColumn("guarantor_id"),
    _share("guarantee_share"),
    _share("guarantor_default_probability_annual"),
    FileColumn("subsidy_payer"),
    _share("subsidy_rate_points"),
    _share("subsidy_interest_share"),
    _date("subsidy_until"),
    _share("compensation_share"),
    _date("restructured_on"),
    _choice("lpr_tenor", LprTenor),
    FileColumn("lpr_spread_bp", Content.NUMBER, low=-10_000.0, high=10_000.0),
    FileColumn("lpr_months_between", Content.WHOLE, low=1, high=120),
    _date("lpr_first_on"),
    FileColumn("lpr_fixings", Content.PAIRS),
)

POSITIONS = (
    FileColumn("loan_id", required=True),
    _date("as_of", required=True),
    _money("balance_cny", required=True),
    _share("rate_annual", required=True),
    FileColumn("overdue_days", Content.WHOLE, low=0, high=36_525),
    _money("overdue_principal_cny"),
    _choice("quality", FiveClass),
    FileColumn("is_credit_impaired", Content.YES),
)

MOVEMENTS = (
    FileColumn("movement_id", required=True),
    FileColumn("loan_id", required=True),
    _date("day", required=True),
    _choice("kind", MovementKind, "movement_kind", required=True),
    _money("amount_cny", required=True),
    FileColumn("reverses"),
)

PLEDGES = (
    FileColumn("collateral_id", required=True),
    FileColumn("loan_id", required=True),
    FileColumn("asset_file"),
    FileColumn("valuation_id"),
    _share("pledged_share"),
)

COLUMNS = {"loans": LOANS, "positions": POSITIONS, "movements": MOVEMENTS, "pledges": PLEDGES}
KEYS = {
    "loans": ("loan_id",),
    "positions": ("loan_id", "as_of"),
    "movements": ("movement_id",),
    "pledges": ("collateral_id",),
}
# Of these columns a table needs at least one.
ONE_OF = {"loans": ("periods", "matures_on"), "pledges": ("asset_file", "valuation_id")}
