"""A group of commands that are imported when they are run, so that `--help` answers at once."""

import importlib
import keyword
from collections.abc import Mapping, Sequence
from typing import Any

import click

from cli.examples import write_examples


class LazyGroup(click.Group):
    """A group whose commands are modules of a package, each with a `command`.

    Args:
        package: where the modules are, such as "cli.commands".
        summaries: one line for each command by its name, in the order to list them.
        examples: command lines for the end of the help.
    """

    def __init__(
        self,
        *args: Any,
        package: str,
        summaries: Mapping[str, str],
        examples: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._package = package
        self._summaries = summaries
        self._examples = examples

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the summaries."""
        return list(self._summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in self._summaries:
            return None
        module = importlib.import_module(f"{self._package}.{_module_of(cmd_name)}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._summaries.items()))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples as they are."""
        write_examples(self._examples, formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest name for a misspelt command."""
        if args and args[0] not in self._summaries and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], self._summaries, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(self._summaries)}"
            raise click.exceptions.NoSuchCommand(args[0], f"no command {args[0]!r}{hint}")
        return super().resolve_command(ctx, args)


def _module_of(name: str) -> str:
    """The module of a command; a name that is a word of the language gets an underscore, for it may not be a module."""
    return f"{name}_" if keyword.iskeyword(name) else name.replace("-", "_")
