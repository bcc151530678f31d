"""Allocation requests and answers between protobuf and Python."""

from collections.abc import Mapping
from decimal import Decimal

from google.type.money_pb2 import Money

from ecopledge.fund.v1 import allocation_pb2 as pb
from services.fund.allocation.question import (
    DEFAULT_AVERSION,
    DEFAULT_CHECK_PATHS,
    DEFAULT_SCENARIOS,
    FEWEST_CHECK_PATHS,
    FEWEST_SCENARIOS,
    MOST_AVERSIONS,
    MOST_CHECK_PATHS,
    MOST_SCENARIOS,
    AllocationAnswer,
    AllocationLimits,
    AllocationRequest,
    ChoiceValue,
    ChosenProject,
    GroupKind,
    GroupLimit,
    Infeasibility,
    LimitRelaxation,
    LimitStatus,
    ProjectChoice,
    Unit,
    YearBudget,
)
from services.fund.fund_terms.terms import LONGEST_LIFE_YEARS
from services.fund.simulation.outcome import DEFAULT_SEED
from services.fund.simulation.translate_investment import investment_to_wire, investments_from_wire
from services.runtime.violations import Violations
from services.runtime.wire.market import snapshot_from_wire, snapshot_to_wire
from services.runtime.wire.results import (
    caution_from_wire,
    caution_to_wire,
    manifest_from_wire,
    manifest_to_wire,
)
from services.runtime.wire.values import decimal_from_money, money_from_decimal

MOST_LIMITS = 1_000
LARGEST_SEED = 2**63 - 1
_KINDS: Mapping[GroupKind, pb.GroupKind.ValueType] = {
    GroupKind.SECTOR: pb.GROUP_KIND_SECTOR,
    GroupKind.COUNTY: pb.GROUP_KIND_COUNTY,
}
_KINDS_FROM_WIRE = {number: kind for kind, number in _KINDS.items()}


def request_from_wire(message: pb.AllocateProjectsRequest) -> AllocationRequest:
    """What is to be chosen from.

    Raises:
        InvalidInput: with every field that is wrong.
    """
    violations = Violations()
    snapshot = snapshot_from_wire(message.snapshot, violations.at("snapshot"))
    candidates = investments_from_wire(message.candidates, "candidates", violations)
    violations.require_range("first_year", message.first_year, 1900, 2200)
    violations.require_range("life_years", message.life_years, 1, LONGEST_LIFE_YEARS)
    limits = _limits(message.limits, violations.at("limits"))
    aversions = tuple(message.aversions) or (DEFAULT_AVERSION,)
    violations.require_max_length("aversions", aversions, MOST_AVERSIONS)
    for i, aversion in enumerate(aversions):
        violations.require_range(f"aversions[{i}]", aversion, 0.0, 1e6)
        found = f"found {aversion} twice, expected each once"
        violations.require(aversion not in aversions[:i], f"aversions[{i}]", found)
    confidence = message.confidence if message.HasField("confidence") else 0.9
    n_scenarios = message.n_scenarios if message.HasField("n_scenarios") else DEFAULT_SCENARIOS
    n_check = message.n_check_paths if message.HasField("n_check_paths") else DEFAULT_CHECK_PATHS
    seed = message.seed if message.HasField("seed") else DEFAULT_SEED
    steps = message.share_steps if message.HasField("share_steps") else 1
    gap = message.gap if message.HasField("gap") else 0.01
    time_limit_s = message.time_limit_s if message.HasField("time_limit_s") else 60.0
    violations.require_range("confidence", confidence, 0.5, 0.999)
    violations.require_range("n_scenarios", n_scenarios, FEWEST_SCENARIOS, MOST_SCENARIOS)
    violations.require_range("n_check_paths", n_check, FEWEST_CHECK_PATHS, MOST_CHECK_PATHS)
    violations.require(seed <= LARGEST_SEED, "seed", f"found {seed}, expected at most {LARGEST_SEED}")
    violations.require_range("share_steps", steps, 1, 10)
    violations.require_range("gap", gap, 0.0, 0.5)
    violations.require_range("time_limit_s", time_limit_s, 1.0, 600.0)
    violations.raise_if_any()
    assert snapshot is not None  # noqa: S101  # None is noted above; tells mypy
    return AllocationRequest(
        snapshot,
        candidates,
        message.first_year,
        message.life_years,
        limits,
        aversions,
        confidence,
        n_scenarios,
        n_check,
        seed,
        steps,
        gap,
        time_limit_s,
        message.price_limits,
    )


def request_to_wire(request: AllocationRequest) -> pb.AllocateProjectsRequest:
    """The request of AllocateProjects."""
    return pb.AllocateProjectsRequest(
        snapshot=snapshot_to_wire(request.snapshot),
        candidates=[investment_to_wire(investment) for investment in request.candidates],
        first_year=request.first_year,
        life_years=request.life_years,
        limits=_limits_to_wire(request.limits),
        aversions=request.aversions,
        confidence=request.confidence,
        n_scenarios=request.n_scenarios,
        n_check_paths=request.n_check_paths,
        seed=request.seed,
        share_steps=request.share_steps,
        gap=request.gap,
        time_limit_s=request.time_limit_s,
        price_limits=request.price_limits,
    )


def answer_to_wire(answer: AllocationAnswer) -> pb.AllocateProjectsResponse:
    """The response of AllocateProjects."""
    why = answer.infeasibility
    return pb.AllocateProjectsResponse(
        frontier=[_choice_to_wire(choice) for choice in answer.frontier],
        infeasibility=None
        if why is None
        else pb.Infeasibility(
            conflict=why.conflict,
            relax=[pb.Relaxation(limit=each.limit, by=each.by, unit=each.unit) for each in why.relax],
        ),
        warnings=[caution_to_wire(caution) for caution in answer.cautions],
        manifest=manifest_to_wire(answer.manifest),
        assumptions=answer.assumptions,
    )


def answer_from_wire(message: pb.AllocateProjectsResponse) -> AllocationAnswer:
    """An answer."""
    why = message.infeasibility
    relax = tuple(LimitRelaxation(each.limit, each.by, Unit(each.unit)) for each in why.relax)
    return AllocationAnswer(
        tuple(_choice(choice) for choice in message.frontier),
        Infeasibility(tuple(why.conflict), relax) if message.HasField("infeasibility") else None,
        tuple(caution_from_wire(warning) for warning in message.warnings),
        manifest_from_wire(message.manifest),
        tuple(message.assumptions),
    )


def _limits(message: pb.AllocationLimits, at: Violations) -> AllocationLimits:
    for name in ("budgets", "groups", "required", "exclusive"):
        at.require_max_length(name, getattr(message, name), MOST_LIMITS)
    budgets = []
    for i, each in enumerate(message.budgets):
        amount = _amount(each.budget, "budget", at.at(f"budgets[{i}]"))
        if amount is not None:
            budgets.append(YearBudget(each.year, amount))
    groups = []
    for i, group in enumerate(message.groups):
        here = at.at(f"groups[{i}]")
        shares = {
            name: getattr(group, name) if group.HasField(name) else None
            for name in ("min_share", "max_share")
        }
        for name, share in shares.items():
            if share is not None:
                here.require_fraction(name, share)
        if here.require_known_enum("kind", group.kind, pb.GroupKind.values(), "GroupKind"):
            groups.append(GroupLimit(_KINDS_FROM_WIRE[group.kind], group.name, **shares))
    if message.HasField("min_leverage"):
        at.require_non_negative("min_leverage", message.min_leverage)
    return AllocationLimits(
        tuple(budgets),
        message.carry_forward,
        _amount(message.max_total, "max_total", at) if message.HasField("max_total") else None,
        _amount(message.min_total, "min_total", at) if message.HasField("min_total") else None,
        tuple(groups),
        message.min_leverage if message.HasField("min_leverage") else None,
        tuple(message.required),
        tuple(tuple(group.projects) for group in message.exclusive),
        message.min_projects if message.HasField("min_projects") else None,
        message.max_projects if message.HasField("max_projects") else None,
    )


def _amount(message: Money, field: str, at: Violations) -> Decimal | None:
    amount = at.collect(field, decimal_from_money, message)
    if amount is None:
        return None
    at.require(amount >= 0, field, f"found {amount}, expected an amount of 0 or more")
    return amount


def _limits_to_wire(limits: AllocationLimits) -> pb.AllocationLimits:
    return pb.AllocationLimits(
        budgets=[
            pb.YearBudget(year=each.year, budget=money_from_decimal(each.budget_cny))
            for each in limits.budgets
        ],
        carry_forward=limits.carry_forward,
        max_total=_money(limits.max_total_cny),
        min_total=_money(limits.min_total_cny),
        groups=[
            pb.GroupLimit(
                kind=_KINDS[group.kind], name=group.name, min_share=group.min_share, max_share=group.max_share
            )
            for group in limits.groups
        ],
        min_leverage=limits.min_leverage,
        required=limits.required,
        exclusive=[pb.ExclusiveGroup(projects=group) for group in limits.exclusive],
        min_projects=limits.min_projects,
        max_projects=limits.max_projects,
    )


def _money(amount_cny: Decimal | None) -> Money | None:
    return None if amount_cny is None else money_from_decimal(amount_cny)


def _choice_to_wire(choice: ProjectChoice) -> pb.Choice:
    return pb.Choice(
        aversion=choice.aversion,
        projects=[
            pb.ChosenProject(
                project_id=each.project_id,
                pipeline=each.pipeline,
                share=each.share,
                cost_cny=each.cost_cny,
                mean_value_cny=each.mean_value_cny,
            )
            for each in choice.projects
        ],
        objective_cny=choice.objective_cny,
        bound_cny=choice.bound_cny,
        gap=choice.gap,
        in_sample=_value_to_wire(choice.in_sample),
        out_of_sample=_value_to_wire(choice.out_of_sample),
        cost_cny=choice.cost_cny,
        leverage=choice.leverage,
        limits=[
            pb.LimitStatus(
                limit=each.limit,
                used=each.used,
                bound=each.bound,
                unit=each.unit,
                binds=each.binds,
                relaxed_price_cny=each.relaxed_price_cny,
                relaxed_by=each.relaxed_by,
                gain_low_cny=each.gain_low_cny,
                gain_high_cny=each.gain_high_cny,
            )
            for each in choice.limits
        ],
    )


def _choice(message: pb.Choice) -> ProjectChoice:
    return ProjectChoice(
        message.aversion,
        tuple(
            ChosenProject(each.project_id, each.pipeline, each.share, each.cost_cny, each.mean_value_cny)
            for each in message.projects
        ),
        message.objective_cny,
        message.bound_cny,
        message.gap,
        _value(message.in_sample),
        _value(message.out_of_sample),
        message.cost_cny,
        message.leverage,
        tuple(
            LimitStatus(
                each.limit,
                each.used,
                each.bound,
                Unit(each.unit),
                each.binds,
                each.relaxed_price_cny,
                each.relaxed_by if each.HasField("relaxed_by") else None,
                each.gain_low_cny if each.HasField("gain_low_cny") else None,
                each.gain_high_cny if each.HasField("gain_high_cny") else None,
            )
            for each in message.limits
        ),
    )


def _value_to_wire(value: ChoiceValue) -> pb.ChoiceValue:
    return pb.ChoiceValue(
        mean_cny=value.mean_cny,
        mean_error_cny=value.mean_error_cny,
        tail_loss_cny=value.tail_loss_cny,
        n_paths=value.n_paths,
    )


def _value(message: pb.ChoiceValue) -> ChoiceValue:
    return ChoiceValue(message.mean_cny, message.mean_error_cny, message.tail_loss_cny, message.n_paths)
