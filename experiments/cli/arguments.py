"""An argument parser that suggests similar options or commands for a mistyped one."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from typing import Any, NoReturn

from specs.errors import UsageError


class Parser(argparse.ArgumentParser):
    """``argparse`` with suggestions; every mistake is a ``UsageError``."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **settings)

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """Parse arguments; an unknown option is refused with a suggestion of similar known ones."""
        found, extra = self.parse_known_args(args, namespace)
        if extra:
            parser = getattr(found, "parser", self)
            known = [option for action in parser._actions for option in action.option_strings]
            near = difflib.get_close_matches(extra[0].split("=")[0], known, n=2, cutoff=0.5)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"`{parser.prog} --help` lists all."
            raise UsageError(f"{parser.prog}: unknown argument {extra[0]}. {hint}")
        return found

    def error(self, message: str) -> NoReturn:
        """Raise a ``UsageError``, where ``argparse`` would end the process."""
        raise UsageError(f"{self.prog}: {message}. `{self.prog} --help` shows how it is used.")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            near = difflib.get_close_matches(str(value), [str(choice) for choice in action.choices], n=2)
            hint = (
                f"Did you mean {' or '.join(near)}?" if near else f"Choose from {', '.join(map(str, action.choices))}."
            )
            name = action.dest if not action.option_strings else action.option_strings[-1]
            raise UsageError(f'{self.prog}: {name} does not take "{value}". {hint}')


class Version(argparse.Action):
    """The option ``--version``; the version is looked up only when the option is given, since that takes time."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest=argparse.SUPPRESS, nargs=0, help="print the version and stop")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Print the version and end the process."""
        from importlib.metadata import version

        print(f"medtransfer {version('medtransfer')}")
        parser.exit()
