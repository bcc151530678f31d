"""The use case of an allocation: value the candidates on factor paths, choose, price the limits, check."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from quant.allocation.choice import (
    Allocation,
    Choice,
    FloatArray,
    Gain,
    Limit,
    NoSolutionInTimeError,
    Program,
    gain_of_relaxing,
)
from quant.allocation.conflict import explain
from quant.credit_risk.tail_risk import tail_estimate
from quant.factors import FactorModel
from quant.fund_paths.plan import FundPlan, plan_fund
from quant.fund_paths.walk import walk
from services.fund.allocation.evidence import NOTHING_CNY, cautions_of, manifest_of
from services.fund.allocation.limits import Candidates, StatedLimit, check_limits, name_of, state_limits
from services.fund.allocation.question import (
    PRICED_STEP,
    AllocationAnswer,
    AllocationRequest,
    ChoiceValue,
    ChosenProject,
    Infeasibility,
    LimitRelaxation,
    LimitStatus,
    ProjectChoice,
    Unit,
)
from services.fund.pipeline.project import Project
from services.fund.simulation.investment_rules import check_investment
from services.fund.simulation.rules import check_size, project_cash
from services.runtime.errors import DeadlineExceeded
from services.runtime.violations import Violations

PRICING_GAP = 1e-6
_BLOCK = 1024


def _unlimited() -> float:
    return math.inf


def allocate(
    request: AllocationRequest, projects: Sequence[Project], *, time_left_s: Callable[[], float] = _unlimited
) -> AllocationAnswer:
    """Choose among stored projects, one choice for each aversion.

    Args:
        request: what is to be chosen from.
        projects: of the candidates, in their order.
        time_left_s: asked before each search, which takes no longer; what it raises where nobody waits for the answer
            any more ends the work there.

    Raises:
        InvalidInput: with the path of each field that is wrong.
        DeadlineExceeded: a search found nothing within its time.
    """
    model = request.snapshot.factor_model()
    plan, candidates = _prepare(request, projects, model)
    stated = state_limits(request.limits, candidates)
    values = walk(plan, model, request.n_scenarios, request.seed).present_value
    allocation = Allocation(
        values,
        (*(each.limit for each in stated), *_nothing_for_nothing(request, candidates)),
        request.confidence,
        request.share_steps,
    )
    work = _Work(request, plan, candidates, stated, allocation, model, time_left_s)
    try:
        choices, infeasibility = work.frontier()
    except NoSolutionInTimeError as error:
        raise DeadlineExceeded(f"{error}; a wider gap or a longer time_limit_s may help") from error
    return AllocationAnswer(
        choices,
        infeasibility,
        tuple(cautions_of(projects, candidates)),
        manifest_of(request, projects),
        tuple(f"{each.project_id}: {text}" for each in request.candidates for text in each.assumptions),
    )


def _prepare(
    request: AllocationRequest, projects: Sequence[Project], model: FactorModel
) -> tuple[FundPlan, Candidates]:
    violations = Violations()
    years = range(request.first_year, request.first_year + request.life_years + 1)
    names = [name_of(project) for project in projects]
    for i, (investment, project) in enumerate(zip(request.candidates, projects, strict=True)):
        at = violations.at(f"candidates[{i}]")
        check_investment(investment, project, model, years, at)
        at.require(names[i] not in names[:i], "project_id", f"found {names[i]!r} twice, expected each once")
    violations.raise_if_any()
    cash = [
        project_cash(investment, project, request.first_year)
        for investment, project in zip(request.candidates, projects, strict=True)
    ]
    plan = plan_fund(cash, model, request.snapshot.curve(), request.life_years)
    check_size(plan, "candidates")
    candidates = Candidates(
        tuple(projects),
        np.stack([each.planned_costs(plan.n_years) for each in cash]),
        np.array([each.total_investment_cny for each in cash]),
        request.first_year,
    )
    check_limits(request, candidates, violations.at("limits"))
    violations.raise_if_any()
    return plan, candidates


def _nothing_for_nothing(request: AllocationRequest, candidates: Candidates) -> tuple[Limit, ...]:
    """A project into which the fund puts nothing is not chosen, so that it cannot fill a number of projects."""
    free = [
        total < NOTHING_CNY and name_of(project) not in request.limits.required
        for total, project in zip(candidates.totals, candidates.projects, strict=True)
    ]
    return (Limit("nothing", np.array(free, dtype=np.float64), 0.0),) if any(free) else ()


class _Work:
    """One allocation while it is worked out."""

    def __init__(  # noqa: PLR0917  # all that the work rests on
        self,
        request: AllocationRequest,
        plan: FundPlan,
        candidates: Candidates,
        stated: Sequence[StatedLimit],
        allocation: Allocation,
        model: FactorModel,
        time_left_s: Callable[[], float],
    ) -> None:
        self._request, self._plan, self._candidates = request, plan, candidates
        self._stated, self._allocation, self._model = stated, allocation, model
        self._time_left_s = time_left_s
        # A price is a difference of two optima: a gap of 1 % would drown it.
        self._gap = min(request.gap, PRICING_GAP) if request.price_limits else request.gap

    def _time_limit_s(self) -> float:
        """Of the next search."""
        return min(self._request.time_limit_s, self._time_left_s())

    def frontier(self) -> tuple[tuple[ProjectChoice, ...], Infeasibility | None]:
        """A choice for each aversion, or why there is none."""
        found = []
        for aversion in sorted(self._request.aversions):
            program = Program(self._allocation, aversion)
            choice = program.solve(self._allocation.limits, self._gap, self._time_limit_s())
            if choice is None:
                return (), self._infeasibility()
            found.append((aversion, program, choice))
        checked = self._checked([choice.shares for _, _, choice in found])
        return (
            tuple(
                self._told(aversion, program, choice, values)
                for (aversion, program, choice), values in zip(found, checked, strict=True)
            ),
            None,
        )

    def _infeasibility(self) -> Infeasibility:
        conflict = explain(self._allocation, time_limit_s=self._time_limit_s)
        if conflict is None:
            return Infeasibility((), ())
        n = len(self._stated)
        return Infeasibility(
            tuple(self._stated[k].path for k in conflict.contradiction if k < n),
            tuple(
                LimitRelaxation(self._stated[each.position].path, each.by, self._stated[each.position].unit)
                for each in conflict.relax
                if each.position < n
            ),
        )

    def _checked(self, choices: Sequence[FloatArray]) -> list[FloatArray]:
        """Values of choices on paths that they were not made for, block by block."""
        request = self._request
        parts: list[list[FloatArray]] = [[] for _ in choices]
        for first in range(0, request.n_check_paths, _BLOCK):
            size = min(_BLOCK, request.n_check_paths - first)
            begin = request.n_scenarios + first
            values = walk(self._plan, self._model, size, request.seed, first_path=begin).present_value
            for part, shares in zip(parts, choices, strict=True):
                part.append(shares @ values)
        return [np.concatenate(part) for part in parts]

    def _told(self, aversion: float, program: Program, choice: Choice, checked: FloatArray) -> ProjectChoice:
        candidates, shares = self._candidates, choice.shares
        cost = float(shares @ candidates.totals)
        investment = float(shares @ candidates.investments)
        means = self._allocation.values.mean(axis=1)
        chosen = [
            ChosenProject(
                project.project_id,
                project.pipeline,
                float(shares[i]),
                float(shares[i] * candidates.totals[i]),
                float(shares[i] * means[i]),
            )
            for i, project in enumerate(candidates.projects)
            if shares[i] > 0.0
        ]
        return ProjectChoice(
            aversion,
            tuple(chosen),
            choice.objective,
            choice.bound,
            choice.gap,
            _value(shares @ self._allocation.values, self._request.confidence),
            _value(checked, self._request.confidence),
            cost,
            investment / cost if cost > 0.0 else 0.0,
            self._statuses(aversion, program, choice),
        )

    def _statuses(self, aversion: float, program: Program, choice: Choice) -> tuple[LimitStatus, ...]:
        prices, _ = program.relaxed_prices(self._allocation.limits)
        return tuple(
            self._status(aversion, choice, position, float(prices[position]))
            for position in range(len(self._stated))
        )

    def _status(self, aversion: float, choice: Choice, position: int, price: float) -> LimitStatus:
        stated = self._stated[position]
        priced = price * PRICED_STEP[stated.unit]
        # A step that brings less than a billionth of what the largest value is: rounding, whatever the unit.
        has_price = price * _step(stated) > 1e-9 * float(np.abs(self._allocation.values).max())
        status = LimitStatus(
            stated.path,
            stated.used(choice.shares),
            stated.bound,
            stated.unit,
            has_price,
            priced if has_price else 0.0,
        )
        if not self._request.price_limits or not (has_price or self._is_full(stated, choice.shares)):
            return status
        gain = self._gain(aversion, choice, position)
        return replace(
            status,
            binds=gain.low > 0.0,
            relaxed_by=gain.relaxed_by,
            gain_low_cny=gain.low,
            gain_high_cny=gain.high,
        )

    def _is_full(self, stated: StatedLimit, shares: FloatArray) -> bool:
        """Whether there is room for less than one step more."""
        return abs(stated.bound - stated.used(shares)) <= _step(stated)

    def _gain(self, aversion: float, choice: Choice, position: int) -> Gain:
        return gain_of_relaxing(
            self._allocation,
            aversion,
            choice,
            position,
            _step(self._stated[position]),
            gap=self._gap,
            time_limit_s=self._time_limit_s(),
        )


def _step(stated: StatedLimit) -> float:
    """By how much a limit is relaxed to price it: 5 % of an amount, else five of the steps that a price is for."""
    if stated.unit is Unit.CNY:
        return max(0.05 * stated.bound, 1.0)
    return 1.0 if stated.unit is Unit.PROJECTS else 5.0 * PRICED_STEP[stated.unit]


def _value(values: FloatArray, confidence: float) -> ChoiceValue:
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
    tail = tail_estimate(np.sort(-values), confidence).expected_shortfall
    return ChoiceValue(float(values.mean()), error, tail, len(values))
