"""What is wrong with an input, on the terminal: the first few line by line, the rest counted by what is wrong."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.runtime.errors import FieldViolation

MOST_SHOWN = 20
_FOUND_VALUE = re.compile(r"\bfound ('[^']*'|\"[^\"]*\"|[^,]*)")
_NO_LOAN = "expected a loan that exists"


def violation_lines(violations: "Sequence[FieldViolation]", *, every: bool = False) -> Iterator[str]:
    """One line for each of the first violations, then a line for each kind of the rest with its number.

    Args:
        violations: in the order of the input.
        every: a line for each of them, for programs.
    """
    shown = violations if every or len(violations) <= MOST_SHOWN else violations[:MOST_SHOWN]
    for violation in shown:
        yield str(violation)
    rest = violations[len(shown) :]
    if rest:
        yield f"另有 {len(rest):,} 处 · and {len(rest):,} more (--json 列出全部 lists all):"
        for kind, count in Counter(_kind(violation.description) for violation in rest).most_common():
            yield f"  {count:,} × {kind}"
    if any(violation.description.endswith(_NO_LOAN) for violation in violations):
        yield "请先导入贷款，再导入余额、变动和押品，或一次导入 · import the loans first, or together with these files"


def _kind(description: str) -> str:
    """What is wrong without the value that was found, so that the same mistake in many rows is one kind."""
    return _FOUND_VALUE.sub("found …", description)
