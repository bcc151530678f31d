"""What a loan was granted on besides its repayment: mode of guarantee, size of the borrower, subsidy. Values only."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

MAX_PAYER_CHARS = 200


class GuaranteeMode(StrEnum):
    """How a loan is secured, in the words of the lending statistics."""

    PLEDGE = "pledge"  # 质押
    MORTGAGE = "mortgage"  # 抵押
    GUARANTEE = "guarantee"  # 保证
    CREDIT = "credit"  # 信用
    COMBINED = "combined"  # 组合


class BorrowerSize(StrEnum):
    """Size class of a borrower that is an enterprise."""

    LARGE = "large"  # 大型
    MEDIUM = "medium"  # 中型
    SMALL = "small"  # 小型
    MICRO = "micro"  # 微型
    NOT_ENTERPRISE = "not_enterprise"  # 非企业


@dataclass(frozen=True, slots=True)
class InterestSubsidy:
    """Interest that somebody else pays (贴息); exactly one of the two measures is given.

    Attributes:
        payer: who pays, such as a county treasury; up to 200 characters, may be empty.
        rate_points_annual: points of the annual rate that the payer bears, 0.02 for two percentage points.
        interest_share: share of the interest that the payer bears, above 0 to 1.
        until: last day on which interest is subsidised; None for the whole term.

    Raises:
        ValueError: if neither or both measures are given, or one is outside its domain.
    """

    payer: str
    rate_points_annual: float | None = None
    interest_share: float | None = None
    until: dt.date | None = None

    def __post_init__(self) -> None:
        if len(self.payer) > MAX_PAYER_CHARS:
            raise ValueError(f"payer: found {len(self.payer)} characters, expected at most {MAX_PAYER_CHARS}")
        if (self.rate_points_annual is None) == (self.interest_share is None):
            raise ValueError("found neither or both, expected one of rate_points_annual and interest_share")
        for field, value in (
            ("rate_points_annual", self.rate_points_annual),
            ("interest_share", self.interest_share),
        ):
            if value is not None and not 0.0 < value <= 1.0:
                raise ValueError(f"{field}: found {value}, expected above 0 and at most 1")

    def subsidised_rate(self, rate_annual: float, day: dt.date) -> float:
        """The rate that the borrower itself bears on a day, never below 0."""
        if self.until is not None and day > self.until:
            return rate_annual
        if self.interest_share is not None:
            return rate_annual * (1.0 - self.interest_share)
        assert self.rate_points_annual is not None  # noqa: S101  # one of both is given; tells mypy
        return max(0.0, rate_annual - self.rate_points_annual)
