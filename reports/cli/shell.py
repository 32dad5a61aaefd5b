"""The shell of ``jobtrail sql``: questions that end with a semicolon, and a few words that begin with a dot."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import click

_HELP = """\
Ask in SQL and end with a semicolon, such as: select state, count(*) from jobs group by state;
  .tables          the tables and what they hold
  .schema TABLE    the columns of a table and what they mean
  .quit            leave; so does Ctrl-D. Ctrl-C gives up the question begun."""

_PROMPT, _GOING_ON = "jobtrail> ", "     ...> "


@dataclass(frozen=True, kw_only=True)
class Shell:
    """What to do with what a person types. The three may raise ``ClickException``, whose words are shown."""

    answer: Callable[[str], None]
    tables: Callable[[], None]
    columns: Callable[[str], None]

    def run(self, read: Callable[[str], str]) -> None:
        """Read lines (``read`` takes the prompt) until the end. Nothing typed is written anywhere."""
        with suppress(ImportError):
            import readline  # noqa: F401, PLC0415 - gives ``input`` its line editing, where the system has it
        click.echo("Read-only. Ask in SQL and end with a semicolon; .help says more.")
        question = ""
        while True:
            try:
                line = read(_GOING_ON if question else _PROMPT)
                if not question and line.strip().startswith("."):
                    if line.split()[0] in {".quit", ".exit"}:
                        return
                    self._in_words(self._obey, line)
                    continue
                question = f"{question}{line}\n" if question or line.strip() else ""
                if question.rstrip().endswith(";"):
                    asked, question = question, ""
                    self._in_words(self.answer, asked)
            except EOFError:
                click.echo()
                return
            except KeyboardInterrupt:
                click.echo()
                question = ""

    def _obey(self, line: str) -> None:
        match line.split():
            case [".help"]:
                click.echo(_HELP)
            case [".tables"]:
                self.tables()
            case [".schema", table]:
                self.columns(table.rstrip(";"))
            case [".schema"]:
                click.echo("Write .schema TABLE; .tables lists the tables.", err=True)
            case [word, *_]:
                click.echo(f"There is no {word} here; .help lists what there is.", err=True)

    @staticmethod
    def _in_words(do: Callable[[str], None], what: str) -> None:
        try:
            do(what)
        except click.ClickException as error:
            error.show()
