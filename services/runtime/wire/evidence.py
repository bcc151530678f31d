"""Sources and piecewise-linear functions between protobuf and Python."""

from collections.abc import Sequence

from ecopledge.type.v1 import market_pb2 as pb
from quant.market.piecewise import PiecewiseLinear
from services.runtime.errors import InvalidInput
from services.runtime.evidence import Evidence, Source
from services.runtime.violations import Violations
from services.runtime.wire.values import date_from_wire, date_to_wire

LONGEST_NAME = 64

_EVIDENCE = {
    pb.EVIDENCE_PUBLISHED: Evidence.PUBLISHED,
    pb.EVIDENCE_DERIVED: Evidence.DERIVED,
    pb.EVIDENCE_ASSUMPTION: Evidence.ASSUMPTION,
}
_EVIDENCE_TO_WIRE = {evidence: number for number, evidence in _EVIDENCE.items()}


def check_name(violations: Violations, field: str, name: str) -> bool:
    """Note a name that is empty or too long."""
    return violations.require_non_empty(field, name) and violations.require_max_length(
        field, name, LONGEST_NAME
    )


def source_to_wire(source: Source) -> pb.Source:
    """The message of a source."""
    return pb.Source(
        parameter=source.parameter,
        evidence=_EVIDENCE_TO_WIRE[source.evidence],
        citation=source.citation,
        as_of=None if source.as_of is None else date_to_wire(source.as_of),
    )


def source_from_wire(message: pb.Source, violations: Violations) -> Source | None:
    """A source, or None after noting what is wrong with it."""
    good = violations.require_known_enum("evidence", message.evidence, _EVIDENCE, "Evidence")
    good &= violations.require_non_empty("citation", message.citation)
    as_of = None
    if message.HasField("as_of"):
        as_of = violations.collect("as_of", date_from_wire, message.as_of)
        good &= as_of is not None
    return Source(message.parameter, _EVIDENCE[message.evidence], message.citation, as_of) if good else None


def sources_from_wire(messages: Sequence[pb.Source], violations: Violations) -> tuple[Source, ...] | None:
    """The field `sources` of a message, at least one, or None after noting what is wrong."""
    violations.require_non_empty("sources", messages)
    kept = violations.each("sources", messages, source_from_wire)
    return kept if len(kept) == len(messages) > 0 else None


def piecewise_from_wire(message: pb.PiecewiseLinear) -> PiecewiseLinear:
    """A function.

    Raises:
        InvalidInput: if the numbers make none.
    """
    try:
        return PiecewiseLinear(
            tuple(message.knots), tuple(message.values), message.left_slope, message.right_slope
        )
    except ValueError as error:
        raise InvalidInput.of("", str(error)) from error


def piecewise_to_wire(function: PiecewiseLinear) -> pb.PiecewiseLinear:
    """The message of a function."""
    return pb.PiecewiseLinear(
        knots=function.knots,
        values=function.values,
        left_slope=function.left_slope,
        right_slope=function.right_slope,
    )
