"""How a program of ecopledge ends when it cannot do what it was asked: one clear message, a code, no traceback."""

import contextlib
import sys
from collections.abc import Iterator

from services.runtime.errors import EcopledgeError, InvalidInput

WRONG_INPUT = 2
FAILED = 1


@contextlib.contextmanager
def exiting_with_message() -> Iterator[None]:
    """Ends the process when a domain error comes out of the block; for ``__main__`` modules.

    Raises:
        SystemExit: 2 when the input or a setting is wrong, with every violation on a line; 1 for another domain
            error. Other exceptions pass: they are faults, and their traceback helps.
    """
    try:
        yield
    except EcopledgeError as error:
        violations = error.violations if isinstance(error, InvalidInput) else ()
        # The message shows the first few violations itself; a list of its own only when there are more.
        lines = violations if len(violations) > InvalidInput.SHOWN_IN_MESSAGE else ()
        sys.stderr.write("\n  ".join([f"ecopledge: {error.message}", *map(str, lines)]) + "\n")
        raise SystemExit(WRONG_INPUT if isinstance(error, InvalidInput) else FAILED) from None
