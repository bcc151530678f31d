"""A row of a pledge table: which asset secures which loan, before anybody has valued it."""

from dataclasses import dataclass

from services.loans.loan import require_id


@dataclass(frozen=True, slots=True)
class PledgeRow:
    """A pledge as a table tells it.

    Attributes:
        collateral_id, loan_id: 1 to 64 characters.
        asset_file: of the asset, relative to the table's file; empty where a valuation is named.
        valuation_id: of a recorded valuation; empty where a file is named.
        pledged_share: share of the asset that secures the loan, 0 to 1.

    Raises:
        ValueError: an id of another length, or not exactly one of file and valuation.
    """

    collateral_id: str
    loan_id: str
    asset_file: str = ""
    valuation_id: str = ""
    pledged_share: float = 1.0

    def __post_init__(self) -> None:
        require_id("collateral_id", self.collateral_id)
        require_id("loan_id", self.loan_id)
        if self.asset_file and self.valuation_id:
            raise ValueError(
                f"valuation_id: found {self.valuation_id!r} beside the asset file {self.asset_file!r}, "
                "expected one of them"
            )
        if not self.asset_file and not self.valuation_id:
            raise ValueError(
                "asset_file: found nothing, expected the file of the asset, or a recorded valuation in valuation_id"
            )
