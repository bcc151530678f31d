"""Every field of every kind broken in turn, found by reflection on the contract, through a real server.

Each broken asset is one entry of a batch: it must fail with INVALID_ARGUMENT and the exact path of the field, and the
sound asset beside it must not.
"""

import math
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from ecopledge.valuation.v1 import asset_pb2, valuation_pb2, valuation_pb2_grpc
from services.runtime.channel import open_channel
from services.runtime.database import make_engine
from services.runtime.migrate import upgrade_runtime
from services.runtime.server import build_server
from services.runtime.settings import load_settings
from services.valuation.__main__ import registration
from services.valuation.asset import (
    Asset,
    AssetDetail,
    CarbonInstrument,
    CarbonIssuance,
    DiameterClass,
    ForestCarbonReceivable,
    StandInventory,
    WaterRight,
)
from services.valuation.translate.asset import asset_to_wire
from tests.services.valuation.valuation_cases import DETAILS, asset

Step = tuple[str, int | None]
Path = tuple[Step, ...]

SIMULATION = valuation_pb2.Simulation(n_paths=256)
FLOOR: AssetDetail = WaterRight(1e6, 8.0, buy_back_volume_m3_per_year=4e5, buy_back_factor="buy_back.heihe")
COUNTED = ForestCarbonReceivable(
    CarbonIssuance(
        CarbonInstrument.CCER,
        20.0,
        inventory=StandInventory("青海云杉", 10.0, (DiameterClass(20.0, 12.0, 1000.0, 0.2, 0.1),), 0.5),
    )
)
CASES: dict[str, Asset] = {name: asset(name) for name in DETAILS} | {
    "water_right_floor": Asset("asset-1", "", "", FLOOR),
    "counted_trees": Asset("asset-1", "", "", COUNTED),
}
DATE = "google.type.Date"
# Texts for people: any text is right, only one without end is wrong.
FREE_TEXTS = {"name", "place", "source", "specification"}
# Empty is right: "not stated", or the default that the contract names.
MAY_BE_EMPTY = FREE_TEXTS | {"allocation_factor", "buy_back_factor", "unit", "methodology"}
# Numbers of any sign and size: only what is no number is wrong.
ANY_NUMBER = {"quantity_with", "quantity_without"}
# Their absence means UNSPECIFIED, which the contract admits.
MAY_BE_UNSPECIFIED = {"basis", "curve"}
NUMBERS = {FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_UINT32}


def is_date(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.full_name == DATE


def messages(message: Any, path: Path = ()) -> Iterator[tuple[Any, Path]]:
    """The message and every message in it that is set, with its path."""
    yield message, path
    for field, value in message.ListFields():
        if field.type != FieldDescriptor.TYPE_MESSAGE or is_date(field):
            continue
        if hasattr(value, "ListFields"):
            yield from messages(value, (*path, (field.name, None)))
        else:
            for i, item in enumerate(value):
                yield from messages(item, (*path, (field.name, i)))


def wrong_values(field: FieldDescriptor, message: Any) -> list[Any]:
    """Values that the field must refuse, whatever the kind."""
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        outside = [] if field.name in ANY_NUMBER else [-1e300]
        return [math.nan, math.inf, -math.inf, *outside]
    if field.type == FieldDescriptor.TYPE_UINT32:
        return [2**32 - 1]
    if field.type == FieldDescriptor.TYPE_ENUM:
        return [99] if field.name in MAY_BE_UNSPECIFIED else [99, 0]
    if field.type == FieldDescriptor.TYPE_STRING:
        unknown = [] if field.name in FREE_TEXTS or field.name == "asset_id" else ["nobody's"]
        if field.name == "methodology" and message.instrument == asset_pb2.CARBON_INSTRUMENT_TICKET:
            unknown = []
        if field.name == "buy_back_factor" and message.buy_back_volume_m3_per_year == 0.0:
            unknown = []  # without a volume it is the volume that is missing
        empty = [] if field.name in MAY_BE_EMPTY else ["", " "] if field.name != "asset_id" else [""]
        return ["x" * 5000, *unknown, *empty]
    if is_date(field):
        return [{"year": 2026, "month": 13, "day": 1}, {"year": 2026, "month": 2, "day": 30}, {"year": -1}]
    return []


def broken() -> list[tuple[str, str, str, Any]]:
    """(case, name of the message's type, path, wrong value) of every field of every message of every case."""
    found = []
    for name, whole in CASES.items():
        for message, path in messages(asset_to_wire(whole)):
            for field in message.DESCRIPTOR.fields:
                chosen = None if field.containing_oneof is None else field.containing_oneof.name
                if chosen in {"detail", "method"}:
                    continue
                for value in wrong_values(field, message):
                    index = 0 if field.is_repeated and field.type != FieldDescriptor.TYPE_MESSAGE else None
                    found.append(
                        (name, message.DESCRIPTOR.full_name, text_of((*path, (field.name, index))), value)
                    )
    return found


def text_of(path: Path) -> str:
    return ".".join(name if i is None else f"{name}[{i}]" for name, i in path)


def spoil(message: Any, path: str, value: Any) -> None:
    *steps, last = path.split(".")
    last = last.partition("[")[0]
    for step in steps:
        name, _, index = step.partition("[")
        message = getattr(message, name)
        if index:
            message = message[int(index.rstrip("]"))]
    if isinstance(value, dict):
        getattr(message, last).CopyFrom(type(getattr(message, last))(**value))
    elif message.DESCRIPTOR.fields_by_name[last].is_repeated:
        getattr(message, last)[:] = [value]
    else:
        setattr(message, last, value)


def reachable(descriptor: Descriptor, seen: set[str]) -> set[str]:
    """Every message type of the contract that an asset may hold."""
    if descriptor.full_name in seen or descriptor.full_name == DATE:
        return seen
    seen.add(descriptor.full_name)
    for field in descriptor.fields:
        if field.message_type is not None:
            reachable(field.message_type, seen)
    return seen


BROKEN = broken()


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[valuation_pb2_grpc.ValuationServiceStub]:
    """A real server for all tests of the file: nothing here is stored."""
    engine = make_engine(
        f"sqlite:///{tmp_path_factory.mktemp('fields') / 'ecopledge.db'}", sqlite_synchronous="NORMAL"
    )
    upgrade_runtime(engine)
    settings = load_settings(listen_address="127.0.0.1:0", log_level="error")
    with (
        build_server(settings, [registration(engine)]) as server,
        open_channel(server.address, institution_id="bank") as channel,
    ):
        yield valuation_pb2_grpc.ValuationServiceStub(channel)
    engine.dispose()


def broken_asset(number: int) -> asset_pb2.Asset:
    name, _, path, value = BROKEN[number]
    message = asset_to_wire(CASES[name])
    message.asset_id = f"broken-{number}"
    spoil(message, path, value)
    return message


def violations_of(details: list[Any]) -> dict[str, str]:
    """What is said of each field."""
    found: dict[str, str] = {}
    for packed in details:
        bad = error_details_pb2.BadRequest()
        if packed.Unpack(bad):
            found |= {violation.field: violation.description for violation in bad.field_violations}
    return found


def test_every_broken_field_is_refused_with_its_path_and_sinks_no_other(
    stub: valuation_pb2_grpc.ValuationServiceStub,
) -> None:
    sound = asset_to_wire(CASES["water_right_floor"])
    assets = [broken_asset(number) for number in range(len(BROKEN))]
    response = stub.ValueAssets(
        valuation_pb2.ValueAssetsRequest(assets=[*assets, sound], simulation=SIMULATION)
    )
    wrong: list[Any] = []
    for i, (outcome, told) in enumerate(zip(response.outcomes, BROKEN, strict=False)):
        path = f"assets[{i}].{told[2]}"
        if outcome.WhichOneof("outcome") != "failure":
            wrong.append((*told, "was valued"))
        elif outcome.failure.code != grpc.StatusCode.INVALID_ARGUMENT.value[0]:
            wrong.append((*told, outcome.failure))
        else:
            said = violations_of(list(outcome.failure.details))
            if set(said) != {path} or "expected" not in said[path]:
                wrong.append((*told, said))
    assert wrong == []
    assert response.outcomes[-1].WhichOneof("outcome") == "valuation"


ONCE = {(of, path.rpartition(".")[2]): number for number, (_, of, path, _) in enumerate(BROKEN)}


def test_a_call_about_one_asset_ends_with_the_status_and_the_path(
    stub: valuation_pb2_grpc.ValuationServiceStub,
) -> None:
    terms = valuation_pb2.LoanTerms(tenor_years=3.0, rate_annual=0.05)
    for number in ONCE.values():
        request = valuation_pb2.SizeLoanRequest(
            asset=broken_asset(number), terms=terms, simulation=SIMULATION
        )
        with pytest.raises(grpc.RpcError) as refused:
            stub.SizeLoan(request)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT, BROKEN[number]
        status = rpc_status.from_call(refused.value)  # type: ignore[arg-type]  # it is a Call as well
        assert set(violations_of(list(status.details))) == {f"asset.{BROKEN[number][2]}"}, BROKEN[number]


def test_no_message_and_no_field_of_the_contract_is_left_out() -> None:
    types = reachable(asset_pb2.Asset.DESCRIPTOR, set())
    covered = {(of, path.rpartition(".")[2].partition("[")[0]) for _, of, path, _ in BROKEN}
    scalar = {
        (name, field.name)
        for name in types
        for field in asset_pb2.DESCRIPTOR.pool.FindMessageTypeByName(name).fields
        if field.type in NUMBERS | {FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_ENUM} or is_date(field)
    }
    assert covered == scalar


@pytest.mark.parametrize("value", [1e308, 1e200, 1e16])
def test_no_number_is_so_large_that_a_value_overflows(
    stub: valuation_pb2_grpc.ValuationServiceStub, value: float
) -> None:
    """A number beyond the contract is refused with its path; whatever is admitted gives figures that are numbers."""
    told = [
        (name, text_of((*path, (field.name, 0 if field.is_repeated else None))))
        for name, whole in CASES.items()
        for message, path in messages(asset_to_wire(whole))
        for field in message.DESCRIPTOR.fields
        if field.type == FieldDescriptor.TYPE_DOUBLE
    ]
    assets = []
    for number, (name, path) in enumerate(told):
        assets.append(asset_to_wire(CASES[name]))
        assets[-1].asset_id = f"large-{number}"
        spoil(assets[-1], path, value)
    response = stub.ValueAssets(valuation_pb2.ValueAssetsRequest(assets=assets, simulation=SIMULATION))
    # No limit of the tenure is none, however it is written.
    admitted = [
        path
        for outcome, (_, path) in zip(response.outcomes, told, strict=True)
        if outcome.WhichOneof("outcome") == "valuation"
    ]
    assert {path.rpartition(".")[2] for path in admitted} == {"tenure_term_years"}
    for i, (outcome, (_, path)) in enumerate(zip(response.outcomes, told, strict=True)):
        if outcome.WhichOneof("outcome") == "failure":
            assert set(violations_of(list(outcome.failure.details))) == {f"assets[{i}].{path}"}
