"""Texts and lists of a message: names with a bound on their length, entries with their path, what a value states."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from google.protobuf.message import Message

from services.runtime.errors import InvalidInput
from services.runtime.violations import Violations

Item = TypeVar("Item")
Written = TypeVar("Written", bound=Message)


LONGEST_ID = 64
LONGEST_NAME = 256


def check_name(field: str, value: str, at: Violations) -> None:
    """A name of the catalogue or the snapshot: a wrong one is told back, so its length has a bound."""
    if at.require_non_empty(field, value):
        at.require_max_length(field, value, LONGEST_ID)


def read_each(
    messages: Sequence[Any], field: str, read: Callable[[Any, Violations], Item], at: Violations
) -> tuple[Item, ...]:
    """Every entry of a list, each with its index in its path."""
    return tuple(read(message, at.at(f"{field}[{i}]")) for i, message in enumerate(messages))


def stated_fields(value: Any, *without: str) -> dict[str, Any]:
    """The fields of a dataclass by name, None left out: they are named as in the message."""
    return {
        name: found
        for name in (field.name for field in fields(value))
        if name not in without and (found := getattr(value, name)) is not None
    }


def optional_field(message: Any, field: str) -> Any:
    """The field, None where it is absent."""
    return getattr(message, field) if message.HasField(field) else None


def written(kind: type[Written], stated: dict[str, Any], at: str) -> Written:
    """A message of fields; its whole numbers have a range, which a file or a caller may miss.

    Args:
        kind: of the message.
        stated: its fields by name.
        at: path of the message.

    Raises:
        InvalidInput: a value that the field cannot hold, naming it.
    """
    try:
        return kind(**stated)
    except (TypeError, ValueError):
        for name, value in stated.items():
            try:
                kind(**{name: value})
            except (TypeError, ValueError) as error:
                raise InvalidInput.of(
                    f"{at}.{name}", f"found {value!r}, expected what the contract can hold: {error}"
                ) from None
        raise
