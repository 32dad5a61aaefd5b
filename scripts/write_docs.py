"""Write the pages of docs/ that are made from the code: rules, tables, commands, formats."""  # noqa: INP001 - a script

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from analysis.rule import Rule
from analysis.rules import RULES
from ingest.schema import DERIVED, EVIDENCE, table
from ingest.sources import SOURCES, Source
from reports.cli import COMMANDS, EXIT_CODES, cli
from reports.questions import QUESTIONS
from reports.rulebook import entry

DOCS = Path(__file__).parent.parent / "docs"
_WIDTH = 88


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


def rules_page() -> str:
    """Every rule: what it looks for, why it matters, its thresholds and its SQL."""
    return _page(
        "Rules",
        "What `jobtrail check` looks for. Each rule is one question in SQL; change a threshold with\n"
        "`--set RULE.THRESHOLD=VALUE`, such as `--set hung.min_age=20m`. `jobtrail rules` says the same\n"
        "in the terminal.",
        *_index(),
        *(part for rule in RULES for part in _rule(rule)),
    )


def tables_page() -> str:
    """Every public table and column."""
    return _page(
        "Tables",
        "What `jobtrail sql` can be asked about. All times are UTC, all durations seconds. Start with `jobs` (one row\n"
        "per job) and `attempts` (one row per run):",
        '    jobtrail sql "select job_class, state, count(*) from jobs group by all order by all"',
        "## Derived tables",
        "Computed from the evidence, for the moment the database speaks of.",
        *(part for name in DERIVED for part in _table(name)),
        "## Evidence tables",
        "What the inputs said, each row with the stream and line it comes from.",
        *(part for name in EVIDENCE for part in _table(name)),
    )


def commands_page() -> str:
    """The help of every command."""
    return _page(
        "Commands",
        "Every option can also stand in `jobtrail.toml` in the working folder (a table per command, such as\n"
        "`[check]`), or in an environment variable, such as `JOBTRAIL_CHECK_FAIL_ON`.",
        _grid(
            ("Exit code", "Meaning"),
            ((str(code), _options_as_code(words)) for code, words in EXIT_CODES.items()),
        ),
        *(part for path, command in _commands(cli, ("jobtrail",)) for part in _help(path, command)),
    )


def formats_page() -> str:
    """Every input format: what it can show, and a sample."""
    shown = sorted({word for source in SOURCES for word in source.shows})
    return _page(
        "Formats",
        "What `jobtrail ingest` reads. Formats are recognised by content; `--format NAME` tries one only.",
        _grid(
            ("Format", "Written by", *shown),
            ((f"[{each.name}](#{each.name})", each.describes, *_ticks(each, shown)) for each in SOURCES),
        ),
        "## What answers which question",
        _grid(
            ("Question", "Needs", "Usually answered by"),
            ((each.words, ", ".join(sorted(each.needs)), each.answered_by) for each in QUESTIONS),
        ),
        *(part for source in SOURCES for part in _source(source)),
    )


PAGES: Mapping[str, Callable[[], str]] = {
    "rules.md": rules_page,
    "tables.md": tables_page,
    "commands.md": commands_page,
    "formats.md": formats_page,
}


def _page(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", "<!-- made from the code by 'make docs' -->", *parts)) + "\n"


def _index() -> Iterator[str]:
    rows = ((f"[{each.name}](#{each.name})", each.family, each.definition) for each in map(entry, RULES))
    yield _grid(("Rule", "Family", "What it finds"), rows)


def _rule(rule: Rule[Any]) -> Iterator[str]:
    told = entry(rule)
    yield f"## {told.name}"
    yield f"{told.title}: {told.definition}"
    yield from (f"**{section.heading}.** {section.text}" for section in told.sections)
    if told.thresholds:
        yield _grid(
            ("Threshold", "Default", "Meaning"),
            ((f"`{each.setting}`", f"`{each.default}`", each.meaning) for each in told.thresholds),
        )
    anything = "anything" if told.family == "blind spots" else "jobs"
    file = f"{rule.name.replace('-', '_')}.sql"
    yield (
        f"Family {told.family}. One finding per {', '.join(told.one_finding_per)}. Needs an input that shows "
        f"{', '.join(need.shows for need in told.needs) or anything}.\n"
        f"SQL: [analysis/rules/{file}](../analysis/rules/{file})"
    )


def _table(name: str) -> Iterator[str]:
    described = table(name)
    yield f"### {name}"
    yield described.comment
    yield _grid(
        ("Column", "Type", "Meaning"), ((f"`{each.name}`", each.type, each.comment) for each in described.columns)
    )


def _commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in COMMANDS if command is cli else sorted(command.list_commands(context)):
            member = command.get_command(context, name)
            if member is not None:
                yield from _commands(member, (*path, name))


def _help(path: tuple[str, ...], command: click.Command) -> Iterator[str]:
    context = click.Context(
        command, info_name=" ".join(path), terminal_width=_WIDTH, help_option_names=["-h", "--help"]
    )
    yield f"## {' '.join(path)}"
    yield f"```text\n{command.get_help(context)}\n```"


def _options_as_code(words: str) -> str:
    return re.sub(r"--[a-z-]+", r"`\g<0>`", words)


def _ticks(source: Source, shown: Iterable[str]) -> Iterator[str]:
    return ("yes" if word in source.shows else "" for word in shown)


def _source(source: Source) -> Iterator[str]:
    yield f"## {source.name}"
    words = (sys.modules[f"ingest.sources.{source.name}"].__doc__ or "").strip()
    yield words
    about = f", about {source.system}" if source.system else ""
    yield f"A {source.kind}{about}. Shows {', '.join(sorted(source.shows)) or 'nothing by itself'}."
    yield f"**What it cannot tell.** {source.cannot}"


def _grid(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(_row(cells) for cells in (columns, ("---",) * len(columns), *rows))


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    main()
