"""Wrong-way risk: the book with and without the link of its collateral to its borrowers, CNY."""

from dataclasses import dataclass

from services.runtime.results import Caution, Manifest


@dataclass(frozen=True, slots=True)
class LinkedLoss:
    """One side of the comparison; fields as in the contract's message LinkedLoss."""

    expected_loss_cny: float
    expected_loss_error_cny: float
    value_at_risk_cny: float
    expected_shortfall_cny: float
    collateral_in_default_ratio: float | None


@dataclass(frozen=True, slots=True)
class LinkShare:
    """What one factor of the collateral adds to the expected loss by being that of the borrowers too, and its error."""

    factor: str
    expected_loss_cny: float
    expected_loss_error_cny: float


@dataclass(frozen=True, slots=True)
class WrongWayRisk:
    """Both sides, their difference on the same defaults, and who makes it, the largest first; errors are standard."""

    n_loans: int
    exposure_cny: float
    together: LinkedLoss
    apart: LinkedLoss
    expected_loss_difference_cny: float
    expected_loss_difference_error_cny: float
    drivers: tuple[LinkShare, ...]
    drivers_error_cny: float
    cautions: tuple[Caution, ...]
    manifest: Manifest
