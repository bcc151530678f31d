"""Requests between protobuf and the domain: simulation, loan terms, dates, the entries of a batch."""

import base64
import binascii
import datetime as dt
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from google.type.date_pb2 import Date

from ecopledge.valuation.v1 import asset_pb2, valuation_pb2
from services.runtime.errors import InvalidInput
from services.runtime.moments import moment_of
from services.runtime.violations import Violations
from services.runtime.wire.values import date_from_wire
from services.valuation.asset import Asset
from services.valuation.page import PageKey
from services.valuation.translate.asset import asset_from_wire
from services.valuation.translate.assumed_paths import check_assumed_fields
from services.valuation.translate.field_rules import (
    FRACTION,
    NON_NEGATIVE,
    POSITIVE,
    NumberRule,
    between,
    positive_up_to,
    read_numbers,
)
from services.valuation.valuation import Failure, LoanTerms, Simulation

MOST_ASSETS = 20_000
_DEFAULT_PAGE_SIZE = 100

_SIMULATION = (
    NumberRule("n_paths", between(256, 1_048_576), optional=True),
    NumberRule("seed", between(0, 2**63 - 1), optional=True),
    NumberRule("horizon_years", positive_up_to(30.0), optional=True),
    NumberRule("confidence", between(0.5, 0.999), optional=True),
)
_LOAN_TERMS = (
    NumberRule("tenor_years", positive_up_to(50.0)),
    NumberRule("rate_annual", between(0.0, 1.0)),
    NumberRule("grace_years", NON_NEGATIVE),
    NumberRule("min_dscr", POSITIVE, optional=True),
    NumberRule("requested_cny", POSITIVE, optional=True),
    NumberRule("project_cost_cny", POSITIVE, optional=True),
    NumberRule("project_equity_cny", NON_NEGATIVE),
    NumberRule("guarantor_cap_cny", NON_NEGATIVE, optional=True),
    NumberRule("product_cap_cny", NON_NEGATIVE, optional=True),
    NumberRule("ltv_cap", FRACTION, optional=True),
)
_LIST = (NumberRule("page_size", between(1, 1000), optional=True),)


def entries_from_wire(messages: Sequence[asset_pb2.Asset]) -> list[Asset | Failure]:
    """Each asset of a batch, or why it could not be read; paths are below the asset.

    Raises:
        InvalidInput: no asset, or too many.
    """
    violations = Violations()
    violations.require_non_empty("assets", messages)
    violations.require_max_length("assets", messages, MOST_ASSETS)
    violations.raise_if_any()
    first: dict[str, int] = {}
    entries: list[Asset | Failure] = []
    for i, message in enumerate(messages):
        at = Violations()
        earlier = first.setdefault(message.asset_id, i)
        if earlier != i:
            at.add("asset_id", f"found {message.asset_id!r} also in assets[{earlier}], expected each once")
        asset = asset_from_wire(message, at)
        check_assumed_fields(message, at)
        if asset is None or at.found:
            error = InvalidInput.from_violations(at.found)
            entries.append(Failure(message.asset_id, "INVALID_ARGUMENT", error.message, error.violations))
        else:
            entries.append(asset)
    return entries


def one_asset_from_wire(message: asset_pb2.Asset, violations: Violations) -> Asset | None:
    """The asset of a request about one asset, or None after noting what is wrong with it."""
    check_assumed_fields(message, violations.at("asset"))
    return asset_from_wire(message, violations.at("asset"))


def simulation_from_wire(request: Any, violations: Violations) -> Simulation:
    """The simulation of a request that has one; defaults where it says nothing."""
    if not request.HasField("simulation"):
        return Simulation()
    return Simulation(**read_numbers(request.simulation, _SIMULATION, violations.at("simulation")))


def simulation_to_wire(simulation: Simulation) -> valuation_pb2.Simulation:
    """The message of a simulation."""
    return valuation_pb2.Simulation(
        n_paths=simulation.n_paths,
        seed=simulation.seed,
        horizon_years=simulation.horizon_years,
        confidence=simulation.confidence,
    )


def date_from_request(request: Any, violations: Violations) -> dt.date | None:
    """The valuation date of a request that has one."""
    if not request.HasField("valuation_date"):
        return None
    message: Date = request.valuation_date
    return violations.collect("valuation_date", date_from_wire, message)


def loan_terms_from_wire(message: valuation_pb2.LoanTerms, violations: Violations) -> LoanTerms:
    """The loan that is asked for; notes everything that is wrong with it."""
    terms = LoanTerms(**read_numbers(message, _LOAN_TERMS, violations))
    if terms.grace_years >= terms.tenor_years > 0.0:
        violations.add(
            "grace_years", f"found {terms.grace_years}, expected less than tenor_years ({terms.tenor_years})"
        )
    return terms


def loan_terms_to_wire(terms: LoanTerms) -> valuation_pb2.LoanTerms:
    """The message of loan terms."""
    return valuation_pb2.LoanTerms(**{field.name: getattr(terms, field.name) for field in fields(terms)})


def list_from_wire(request: valuation_pb2.ListValuationsRequest) -> dict[str, Any]:
    """The arguments of a listing, as `ValuationRepository.valuations` takes them.

    Raises:
        InvalidInput: a wrong moment, page size or page token.
    """
    violations = Violations()
    numbers = read_numbers(request, _LIST, violations)
    known_at = violations.collect("known_at", moment_of, request.known_at) if request.known_at else None
    after = violations.collect("page_token", page_key_from_token, request.page_token)
    violations.raise_if_any()
    page_size = numbers.get("page_size", _DEFAULT_PAGE_SIZE)
    return {"asset_id": request.asset_id, "known_at": known_at, "page_size": page_size, "after": after}


def page_token(key: PageKey | None) -> str:
    """The token of the next page; empty where there is none."""
    if key is None:
        return ""
    return base64.urlsafe_b64encode(f"{key.recorded_at_us}:{key.valuation_id}".encode()).decode()


def page_key_from_token(token: str) -> PageKey | None:
    """Where a page begins.

    Raises:
        InvalidInput: not a token of this service.
    """
    if token == "":
        return None
    try:
        recorded, separator, valuation_id = (
            base64.b64decode(token, altchars=b"-_", validate=True).decode().partition(":")
        )
        number = int(recorded)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        number, separator, valuation_id = -1, "", ""
    if separator == "" or not 0 <= number < 2**63 or not 1 <= len(valuation_id) <= 64:
        raise InvalidInput.of("", f"found {token!r}, expected a next_page_token of an earlier page")
    return PageKey(number, valuation_id)
