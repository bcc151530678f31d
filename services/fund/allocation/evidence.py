"""What stands beside an allocation: cautions about its candidates, and the manifest to compute it again."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from services.fund.allocation.limits import Candidates
from services.fund.allocation.question import AllocationLimits, AllocationRequest
from services.fund.pipeline.flags import find_flags
from services.fund.pipeline.project import Project
from services.runtime.results import Caution, Manifest, Severity

ENGINE_VERSION = "allocation-1"
NOTHING_CNY = 0.01
"""A project that costs the fund less is none that it chooses."""


def cautions_of(projects: Sequence[Project], candidates: Candidates) -> list[Caution]:
    """What a careful reader should know about the candidates."""
    found = [flag.caution for flag in find_flags(projects)]
    free = [p.project_id for p, cost in zip(projects, candidates.totals, strict=True) if cost < NOTHING_CNY]
    if free:
        names = ", ".join(free)
        found.append(
            Caution(
                "CANDIDATE_COSTS_NOTHING",
                Severity.NOTE,
                f"项目 {names} 按假设不需要基金出资,不参与选择",
                f"The fund puts nothing into {names} by assumption: not among the choices",
                "candidates",
            )
        )
    return found


def manifest_of(request: AllocationRequest, projects: Sequence[Project]) -> Manifest:
    """What it takes to compute the answer again."""
    bare = [replace(p, total_investment_cny=p.total_investment_cny.normalize()) for p in projects]
    limits = _canonical(request.limits)
    content = (
        ENGINE_VERSION, request.candidates, bare, request.first_year, request.life_years, limits,
        request.aversions, request.confidence, request.n_check_paths, request.share_steps, request.gap,
        request.price_limits,
    )  # fmt: skip
    encoded = msgspec.json.encode(content, order="deterministic", enc_hook=lambda array: array.tolist())
    return Manifest(
        hashlib.sha256(encoded).hexdigest(),
        request.snapshot.snapshot_id,
        request.snapshot.content_hash(),
        "",
        request.seed,
        request.n_scenarios,
        ENGINE_VERSION,
    )


def _canonical(limits: AllocationLimits) -> AllocationLimits:
    """The same limits with every amount in one notation: 1000 and 1000.00 are one amount."""
    low, high = limits.min_total_cny, limits.max_total_cny
    return replace(
        limits,
        budgets=tuple(replace(each, budget_cny=each.budget_cny.normalize()) for each in limits.budgets),
        min_total_cny=None if low is None else low.normalize(),
        max_total_cny=None if high is None else high.normalize(),
    )
