"""Every code and field that can stand in a Chinese sentence has a Chinese phrase, and no phrase is left over."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor import Descriptor

from ecopledge.valuation.v1.asset_pb2 import Asset
from ecopledge.valuation.v1.pricing_pb2 import LoanPricing
from ecopledge.valuation.v1.valuation_pb2 import LoanTerms
from quant.forestry import GROWTH_CURVES
from services.loans.quality.rules_file import PARAMETERS
from services.runtime.vocabulary.names import words
from services.valuation.asset import CarbonInstrument

ROOT = Path(__file__).parents[4]
CODE = re.compile(r"[A-Z][A-Z0-9]{3,}(_[A-Z0-9]+)*|[A-Z][A-Z0-9]+(_[A-Z0-9]+)+")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Files whose sources name the parameters that they speak of.
SOURCED = ("data/market", "data/fund", "services/valuation/catalogue", "services/valuation/accounts")


def texts(node: ast.AST) -> Iterator[str]:
    """Every piece of text within an expression."""
    for found in ast.walk(node):
        if isinstance(found, ast.Constant) and isinstance(found.value, str):
            yield found.value


def codes_of(tree: ast.Module) -> Iterator[str]:
    """Codes that stand beside a message in Chinese in one call, be it a caution, an oddity, a flag or a reason."""
    constants = {
        target.id: list(texts(node.value))
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or isinstance(call.func, ast.Attribute):
            continue
        said = [text for argument in call.args for text in texts(argument)]
        said += [
            text
            for argument in call.args
            if isinstance(argument, ast.Name)
            for text in constants.get(argument.id, ())
        ]
        if any(CHINESE.search(text) for text in said) or of_severity(call):
            yield from (text for text in said if CODE.fullmatch(text))


def of_severity(call: ast.Call) -> bool:
    """Whether a call says how much something weighs; its message may be made elsewhere."""
    return any(
        isinstance(found, ast.Name) and found.id == "Severity"
        for part in call.args
        for found in ast.walk(part)
    )


def caution_codes() -> set[str]:
    """The codes that the services and flows can raise."""
    return {
        code
        for folder in ("services", "flows")
        for path in (ROOT / folder).rglob("*.py")
        for code in codes_of(ast.parse(path.read_text(encoding="utf-8")))
    }


def proto_fields(message: Descriptor, seen: set[str]) -> Iterator[str]:
    """Names of the fields of a message and of the messages of the product within it."""
    seen.add(message.full_name)
    for field in message.fields:
        yield field.name
        inner = field.message_type
        if inner is not None and inner.full_name.startswith("ecopledge.") and inner.full_name not in seen:
            yield from proto_fields(inner, seen)


def source_parameters(value: object) -> Iterator[str]:
    """What the sources within a file speak of."""
    if isinstance(value, dict):
        if isinstance(value.get("parameter"), str):
            yield from (name.strip() for name in value["parameter"].split(","))
        for inner in value.values():
            yield from source_parameters(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from source_parameters(inner)


def test_every_caution_has_a_phrase_and_every_phrase_a_caution() -> None:
    raised = caution_codes()
    assert len(raised) > 100  # the walk finds them
    assert raised == set(words()["cautions"])


@pytest.mark.parametrize("message", [Asset, LoanTerms, LoanPricing])
def test_every_field_of_an_asset_file_has_a_phrase(message: type) -> None:
    fields = set(proto_fields(message.DESCRIPTOR, set()))  # type: ignore[attr-defined]  # generated code
    assert fields - set(words()["fields"]) == set()


def test_every_parameter_of_a_source_has_a_phrase() -> None:
    paths = [path for folder in SOURCED for path in (ROOT / folder).rglob("*.toml")]
    found = {
        name for path in paths for name in source_parameters(tomllib.loads(path.read_text(encoding="utf-8")))
    }
    assert len(found) > 40  # the walk finds them
    assert found - set(words()["fields"]) == set()


def test_every_parameter_of_a_credit_rule_has_a_phrase() -> None:
    assert {name for section in PARAMETERS.values() for name in section} - set(words()["fields"]) == set()


def test_every_status_and_choice_has_a_phrase() -> None:
    assert {status.name for status in grpc.StatusCode} == set(words()["statuses"])
    assert {*CarbonInstrument, *GROWTH_CURVES} == set(words()["choices"])


def test_every_phrase_is_chinese() -> None:
    assert {
        name for group in words().values() for name, phrase in group.items() if not CHINESE.search(phrase)
    } == set()
