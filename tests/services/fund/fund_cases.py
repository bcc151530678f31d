"""Small funds, markets and projects that the tests of the fund share."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from quant.schedules import CollateralTerms, ExposureSchedule
from quant.waterfall.steps import CarrySplit, CatchUp
from services.fund.fund_terms.terms import (
    FundTerms,
    Partner,
    PartnerClass,
    PreferredReturn,
    ReturnOfCapital,
    Step,
)
from services.fund.pipeline.project import Project
from services.fund.simulation.outcome import Investment
from services.runtime.market import (
    CurvePoint,
    Evidence,
    MarketSnapshot,
    QuotedFactor,
    Source,
)

EUROPEAN: tuple[Step, ...] = (
    ReturnOfCapital(),
    PreferredReturn(0.08),
    CatchUp(1.0, 0.2),
    CarrySplit(0.2),
)
_NO_RISKS = CollateralTerms()
_MADE_UP = Source("level", Evidence.ASSUMPTION, "made up for a test")


def market(volatility: float = 0.0) -> MarketSnapshot:
    """One factor at 10 CNY."""
    ticket = QuotedFactor("ticket", 10.0, "CNY", "门票", "ticket", (_MADE_UP,), volatility_annual=volatility)
    curve = (CurvePoint(1.0, 0.02, _MADE_UP),)
    return MarketSnapshot("test-1", dt.date(2026, 1, 1), (ticket,), (), (), curve)


def partner(partner_id: str, commitment: int | str, kind: PartnerClass) -> Partner:
    """A partner."""
    return Partner(partner_id, partner_id.upper(), kind, Decimal(commitment))


def terms(
    *,
    commitment: int | str = 1000,
    steps: Sequence[Step] = EUROPEAN,
    fee: float = 0.0,
    life: int = 5,
) -> FundTerms:
    """One investor and a manager without commitment."""
    partners = (
        partner("investor", commitment, PartnerClass.SOCIAL_CAPITAL),
        partner("manager", 0, PartnerClass.MANAGER),
    )
    return FundTerms("T", partners, tuple(steps), fee, life, ("terms are assumed",))


def project(project_id: str = "A", *, start: int = 2026, end: int = 2027, cny: int | str = 800) -> Project:
    """A project of the pipeline "p"."""
    return Project(
        project_id,
        "p",
        f"项目{project_id}",
        "旅游",
        "甘州区",
        start,
        end,
        Decimal(cny),
        "业主",
        "内容",
        "进展",
    )


def investment(
    project_id: str = "A",
    *,
    share: float = 0.25,
    debt: float = 0.5,
    rate: float = 0.1,
    times: Sequence[float] = (1.0, 2.0, 3.0),
    units: Sequence[float] = (40.0, 50.0, 60.0),
    factor: str = "ticket",
    risks: CollateralTerms = _NO_RISKS,
) -> Investment:
    """A quarter of the investment as equity of the fund, half of it debt."""
    rows = ExposureSchedule(
        project_id, np.array(times), (factor,) * len(times), np.array(units), ("",) * len(times), risks
    )
    return Investment(project_id, "p", share, debt, rate, rows, ("cash is assumed",))
