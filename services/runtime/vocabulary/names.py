"""What fields and codes are called in Chinese; the English beside them is the name that files and --json use.

A name that nobody has put into words stands as it is: a newer service may send a code that this one does not know.
"""

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

WORDS_PATH = Path(__file__).with_name("words.toml")

_STEP = re.compile(r"(?P<name>[a-z0-9_]+)(\[(?P<index>\d+)\])?")
_ACRONYMS = frozenset({"gep", "irb", "lpr", "pd"})


@functools.cache
def words() -> Mapping[str, Mapping[str, str]]:
    """The whole vocabulary, by group and name; read once, at first use."""
    return tomllib.loads(WORDS_PATH.read_text(encoding="utf-8"))


def caution_zh(code: str) -> str:
    """What the caution with a code is about: "UNSTATED_BASIS" is 价值口径未说明."""
    return words()["cautions"].get(code, code)


def caution_en(code: str) -> str:
    """A code as English words: "unstated basis"."""
    parts = code.lower().split("_")
    return " ".join(part.upper() if part in _ACRONYMS else part for part in parts)


def status_zh(code: str) -> str:
    """Why something was refused: "INVALID_ARGUMENT" is 输入有误."""
    return words()["statuses"].get(code, code)


def choice_zh(value: str) -> str:
    """What may be chosen in an asset file: "carbon_ticket" is 碳票."""
    return words()["choices"].get(value, value)


def field_zh(path: str) -> str:
    """A field by its path in an asset file, without the table of its kind around it.

    >>> field_zh("water_right.remaining_term_years")
    '许可剩余年限'
    >>> field_zh("vep_project.method.changes[1].pledgor_share")
    '方法·有无对比变化第2项·归出质人份额'
    """
    steps = path.split(".")
    shown = steps[1:] if len(steps) > 1 else steps
    return "·".join(_step_zh(step) for step in shown)


def fields_zh(paths: Iterable[str]) -> str:
    """Several fields, each once: what Chinese lists them with stands between them."""
    return "、".join(dict.fromkeys(field_zh(path) for path in paths))


def is_field(path: str) -> bool:
    """Whether every step of a path has a name here, so that it is a field and no sentence."""
    return all(
        (step := _STEP.fullmatch(part)) is not None and step["name"] in words()["fields"]
        for part in path.split(".")
    )


def _step_zh(step: str) -> str:
    found = _STEP.fullmatch(step)
    if found is None:
        return step
    name = words()["fields"].get(found["name"], found["name"])
    return name if found["index"] is None else f"{name}第{int(found['index']) + 1}项"
