"""Appraise one pledge: value and store it, size and price the loan, lay every scenario on it, find its comparables."""

import hashlib

import msgspec

from flows.appraisal.comparables import comparables
from flows.appraisal.pledge_appraisal import PledgeAppraisal
from services.runtime.errors import FieldViolation, InvalidInput
from services.valuation.asset import Asset
from services.valuation.client import ValuationClient
from services.valuation.lending.loan_price import LoanPricing
from services.valuation.valuation import Failure, LoanTerms, Simulation, Valuation


def appraise_pledge(
    client: ValuationClient,
    asset: Asset,
    loan: LoanTerms | None,
    *,
    institution_id: str,
    pricing: LoanPricing | None = None,
    simulation: Simulation | None = None,
    snapshot_id: str = "",
) -> PledgeAppraisal:
    """Appraise one pledge. The same pledge on the same market gives the same stored valuation and the same file.

    Args:
        client: of the valuation service.
        asset: what is pledged.
        loan: terms asked for; None to leave the limit out.
        institution_id: shown on the cover.
        pricing: what the rate is built from; None to leave it out, and of no effect without a loan.
        simulation: paths, seed, horizon and confidence of all figures.
        snapshot_id: empty for the standard market.

    Raises:
        InvalidInput: the asset, the terms or the pricing are wrong; every wrong field is named as the service names
            it, below `asset`, `terms` or `pricing`.
        NotFound: no such snapshot.
    """
    how = Simulation() if simulation is None else simulation
    snapshot = client.get_market_snapshot(snapshot_id)
    # Before the valuation is stored: wrong terms leave nothing behind.
    sized = (
        None
        if loan is None
        else client.size_loan(asset, loan, snapshot_id=snapshot_id, simulation=how, pricing=pricing)
    )
    outcome = client.value_assets(
        [asset],
        snapshot_id=snapshot_id,
        simulation=how,
        request_id=_request_id(asset, how, snapshot.content_hash()),
        explain=True,
    )[0]
    valuation = _valued(outcome)
    return PledgeAppraisal(
        institution_id=institution_id,
        asset=asset,
        valuation=valuation,
        loan=loan,
        sized=sized,
        stress=client.stress_assets([asset], snapshot_id=snapshot_id, simulation=how),
        comparables=comparables(asset),
        snapshot=snapshot,
        pricing=pricing,
    )


def _valued(outcome: Valuation | Failure) -> Valuation:
    if isinstance(outcome, Failure):
        raise InvalidInput.from_violations(
            [
                FieldViolation(f"asset{found.field.removeprefix('assets[0]')}", found.description)
                for found in outcome.violations or (FieldViolation("assets[0]", outcome.message),)
            ]
        )
    return outcome


def _request_id(asset: Asset, simulation: Simulation, snapshot_hash: str) -> str:
    """The same pledge on the same market is the same request: a repeat finds the stored valuation."""
    content = msgspec.json.encode((asset, simulation, snapshot_hash), order="deterministic")
    return f"appraise-{hashlib.sha256(content).hexdigest()[:48]}"
