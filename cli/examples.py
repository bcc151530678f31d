"""Commands whose help ends with examples that can be copied: one a line, however narrow the terminal."""

from collections.abc import Sequence
from typing import Any

import click


class WithExamples(click.Command):
    """A command with examples below its options."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples as they are."""
        write_examples(self.examples, formatter)


def write_examples(examples: Sequence[str], formatter: click.HelpFormatter) -> None:
    """Write examples, each on a line of its own that is never broken."""
    with formatter.section("Example"):
        for example in examples:
            formatter.write(f"  {example}\n")
