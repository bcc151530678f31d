"""Default curves and risk-compensation funds between protobuf and the domain."""

from collections.abc import Sequence

from ecopledge.loans.v1 import segments_pb2 as pb
from services.loans.segments.compensation_fund import CompensationFundTerms
from services.loans.segments.default_curve import DefaultCurve
from services.loans.segments.segment import Segment, require_distinct
from services.runtime.violations import Violations


def curves_from_wire(messages: Sequence[pb.DefaultCurve], violations: Violations) -> tuple[DefaultCurve, ...]:
    """The curves of a question; what is wrong is noted below `default_curves`, and that curve left out."""
    _require_distinct("default_curves", messages, violations)
    read = []
    for i, message in enumerate(messages):
        try:
            read.append(
                DefaultCurve(
                    message.name,
                    message.basis,
                    tuple(message.cumulative_default),
                    _segment_from_wire(message.segment),
                    message.scaled_to_loan,
                )
            )
        except ValueError as error:
            _note(violations.at(f"default_curves[{i}]"), error)
    return tuple(read)


def curve_to_wire(curve: DefaultCurve) -> pb.DefaultCurve:
    """The message of a curve."""
    return pb.DefaultCurve(
        name=curve.name,
        basis=curve.basis,
        cumulative_default=curve.cumulative_default,
        segment=_segment_to_wire(curve.segment),
        scaled_to_loan=curve.scaled_to_loan,
    )


def funds_from_wire(
    messages: Sequence[pb.CompensationFundTerms], violations: Violations
) -> tuple[CompensationFundTerms, ...]:
    """The funds of a question; what is wrong is noted below `compensation_funds`, and that fund left out."""
    _require_distinct("compensation_funds", messages, violations)
    read = []
    for i, message in enumerate(messages):
        try:
            read.append(
                CompensationFundTerms(
                    message.name,
                    message.basis,
                    _segment_from_wire(message.segment),
                    message.balance_cny if message.HasField("balance_cny") else None,
                    message.cap_cny if message.HasField("cap_cny") else None,
                    message.compensation_share if message.HasField("compensation_share") else None,
                )
            )
        except ValueError as error:
            _note(violations.at(f"compensation_funds[{i}]"), error)
    return tuple(read)


def fund_to_wire(fund: CompensationFundTerms) -> pb.CompensationFundTerms:
    """The message of a fund."""
    return pb.CompensationFundTerms(
        name=fund.name,
        basis=fund.basis,
        segment=_segment_to_wire(fund.segment),
        balance_cny=fund.balance_cny,
        cap_cny=fund.cap_cny,
        compensation_share=fund.compensation_share,
    )


def _segment_from_wire(message: pb.LoanSegment) -> Segment:
    return Segment(
        tuple(message.loan_ids),
        tuple(message.counties),
        tuple(message.products),
        message.pd_from if message.HasField("pd_from") else 0.0,
        message.pd_below if message.HasField("pd_below") else None,
    )


def _segment_to_wire(segment: Segment) -> pb.LoanSegment:
    return pb.LoanSegment(
        loan_ids=segment.loan_ids,
        counties=segment.counties,
        products=segment.products,
        pd_from=segment.pd_from,
        pd_below=segment.pd_below,
    )


def _require_distinct(
    field: str,
    messages: Sequence[pb.DefaultCurve] | Sequence[pb.CompensationFundTerms],
    violations: Violations,
) -> None:
    try:
        require_distinct(field, [message.name for message in messages])
    except ValueError as error:
        _note(violations, error)


def _note(violations: Violations, error: ValueError) -> None:
    field, _, text = str(error).partition(": ")
    violations.add(field, text)
