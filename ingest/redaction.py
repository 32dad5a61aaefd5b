"""
What of the input is secret, and texts, JSON and frames without it.

A secret is told by the name of its key (``password``, ``api_key``) or by its shape (an e-mail address, a card number).
Most values hold nothing: one expression per column finds those that may, and only they are read in Python.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Any

import polars as pl

from ingest import schema

REDACTED = "[redacted]"
"""What stands in place of a secret."""

KEYS = (
    "password",
    "passwords",
    "passwd",
    "pwd",
    "passphrase",
    "passcode",
    "secret",
    "secrets",
    "token",
    "access_token",
    "auth_token",
    "refresh_token",
    "api_key",
    "api_keys",
    "access_key",
    "secret_key",
    "private_key",
    "encryption_key",
    "authorization",
    "authentication",
    "credential",
    "credentials",
    "cookie",
    "cookies",
    "credit_card",
    "card_number",
    "cvv",
    "cvc",
    "ssn",
    "otp",
)
"""Words of which one in a key's name makes its value secret, however they are joined: ``userApiKey``, ``X-Api-Key``."""


class RedactionError(Exception):
    """A key or a pattern that cannot be used; the words say why."""


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """The shape of a secret. Where the regular expression has a group ``secret``, only that group is one."""

    name: str
    regex: re.Pattern[str]
    hint: str | None
    """A regular expression that Polars knows and that finds at least all texts with this shape; None for no such."""
    is_one: Callable[[str], int] = len
    """How many characters of a match are the secret: 0 for none."""


def _card_length(found: str) -> int:
    """Characters of the longest card number that the digits begin with, by their check digit; 0 where there is none."""
    places = [place for place, letter in enumerate(found) if letter.isdigit()]
    digits = [int(found[place]) for place in places]
    for count in range(len(digits), 12, -1):
        whole = count == len(digits) or places[count] > places[count - 1] + 1
        doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[count - 2 :: -2])
        if whole and (doubled + sum(digits[count - 1 :: -2])) % 10 == 0:
            return places[count - 1] + 1
    return 0


_EMAIL, _CARD = "e-mail address", "card number"

PATTERNS = (
    Pattern(
        name="private key",
        regex=re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
        hint="PRIVATE KEY-----",
    ),
    Pattern(
        name="user and password in a URL",
        regex=re.compile(  # unescaped, a password may hold what should end it; a port does not begin one
            r""":(?:\\*/){2}(?P<secret>[^\s/"'<>\\]+|[^\s/?#@"'<>\\:]*:(?!\d{1,5}[/?#\\])[^\s@"'<>]{1,256})@"""
        ),
        hint="@",
    ),
    Pattern(
        name=_EMAIL,
        regex=re.compile(r"(?<![\w.+%-])[\w.+%-]+(?:@|%40)(?:[\w-]+\.)+[^\W\d_]{2,}"),
        hint="@|%40",
    ),
    Pattern(
        name=_CARD,
        regex=re.compile(r"(?<!\w)(?<!\d[.-])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\w])"),
        hint="[2-6][0-9]{3}(?:[ -]?[0-9]){9}",
        is_one=_card_length,
    ),
    Pattern(
        name="bearer token",
        regex=re.compile(r"\bbearer\s+(?P<secret>[\w.~+/-]{16,}=*)", re.IGNORECASE),
        hint="(?i:bearer)",
    ),
    Pattern(
        name="JSON web token", regex=re.compile(r"(?<![A-Za-z0-9])eyJ[\w-]{8,2000}\.[\w-]{8,}(?:\.[\w-]*)*"), hint="eyJ"
    ),
    Pattern(
        name="access key of a cloud or service",
        regex=re.compile(
            r"(?<![A-Za-z0-9])(?:(?:AKIA|ASIA)[A-Z0-9]{16}|gh[opsur]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
            r"|xox[a-z]-[\w-]{10,}|[prs]k_(?:live|test)_\w{10,}|sk-[\w-]{20,}|AIza[\w-]{30,}"
            r"|SG\.[\w-]{16,}\.[\w-]{16,})"
        ),
        hint="AKIA|ASIA|gh[opsur]_|github_pat_|glpat-|xox[a-z]-|[prs]k_(?:live|test)_|sk-|AIza|SG\\.",
    ),
)
"""The shapes that are looked for."""


@dataclass(frozen=True, kw_only=True)
class Redaction:
    """
    What is secret: the values of ``keys``, and what has the shape of one of ``patterns``.

    Raises ``RedactionError`` for a key without letters.
    """

    keys: tuple[str, ...] = KEYS
    patterns: tuple[Pattern, ...] = PATTERNS

    def __post_init__(self) -> None:
        for key in self.keys:
            if not _words(key):
                raise RedactionError(f"{key!r} cannot be the name of a key: it has neither letters nor digits")

    def adding(self, *, keys: Iterable[str] = (), patterns: Iterable[str] = ()) -> Redaction:
        """The same with further keys and regular expressions. Raises ``RedactionError`` for one that is none."""
        return Redaction(
            keys=(*self.keys, *keys),
            patterns=(*self.patterns, *(_pattern(text) for text in patterns)),
        )


def _pattern(text: str) -> Pattern:
    try:
        regex = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise RedactionError(f"{text!r} is no regular expression: {error}") from error
    if regex.search(""):
        raise RedactionError(f"{text!r} matches even where there is nothing, so it would redact everything")
    return Pattern(name=text, regex=regex, hint=None)


class Redactor:
    """Takes the secrets out of what a load is about to store, and counts them."""

    def __init__(self, redaction: Redaction, key: bytes) -> None:
        self.count = 0
        """Values that were replaced so far."""
        self._key = key
        self._patterns = redaction.patterns
        self._secret_name = _name_test(redaction.keys)
        self._hint = _hint(redaction)

    def digest(self, data: bytes) -> str:
        """A digest of 16 bytes, hex, that nobody can make or look up without the key."""
        return blake2b(data, digest_size=16, key=self._key).hexdigest()

    def keystream(self, about: str, size: int) -> bytes:
        """So many bytes that nobody can tell without the key, the same for the same words."""
        blocks = (
            blake2b(f"{about}\n{number}".encode(), digest_size=64, key=self._key, person=b"keystream").digest()
            for number in range(-(-size // 64))
        )
        return b"".join(blocks)[:size]

    def frame(self, table: str, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows of an evidence table without secrets."""
        types = {column.name: column.type for column in schema.table(table).columns}
        changed = {
            name: self._lists(rows[name]) if dtype == pl.List(pl.String) else self._column(rows[name], types.get(name))
            for name, dtype in rows.schema.items()
            if dtype in {pl.String, pl.List(pl.String)}
        }
        if "snapshot_id" in changed:  # a digest of all that the snapshot said, secrets included
            changed["snapshot_id"] = self._each(changed["snapshot_id"], lambda text: self.digest(text.encode()))
        return rows.with_columns(**changed)

    def names(self, column: pl.Series) -> pl.Series:
        """A column of ids: what has the shape of a secret becomes a digest of it, so that equal ids stay equal."""
        return self._column(column, None)

    def text(self, text: str) -> str:
        """Words without secrets."""
        return self._counted(self._in_words(text, frozenset()))

    def _column(self, column: pl.Series, kind: str | None) -> pl.Series:
        if kind == "json":
            return self._where_hinted(column, self._in_json)
        if column.name in _PROSE:
            return self._where_hinted(column, lambda text: self._in_words(text, frozenset()))
        skipped = _NEVER.get(column.name, frozenset())
        return self._where_hinted(column, lambda text: self._by_shape(text, skipped, self._pseudonym))

    def _lists(self, column: pl.Series) -> pl.Series:
        def each(texts: list[str | None]) -> list[str | None]:
            return [
                self._counted(self._by_shape(text, frozenset(), self._pseudonym)) if text else text for text in texts
            ]

        lists = [None if texts is None else each(texts) for texts in column.to_list()]
        return pl.Series(column.name, lists, dtype=column.dtype)

    def _where_hinted(self, column: pl.Series, change: Callable[[str], tuple[str, int]]) -> pl.Series:
        if column.dtype != pl.String:
            return column
        places = column.is_not_null() if self._hint is None else column.str.contains(self._hint).fill_null(value=False)
        if not places.any():
            return column
        known = cache(change)
        return self._each(column, lambda text: self._counted(known(text)), places)

    def _each(self, column: pl.Series, change: Callable[[str], str], places: pl.Series | None = None) -> pl.Series:
        at = (column.is_not_null() if places is None else places).arg_true()
        new = pl.Series([change(text) for text in column.gather(at).to_list()], dtype=pl.String)
        return column.clone().scatter(at, new)

    def _counted(self, found: tuple[str, int]) -> str:
        self.count += found[1]
        return found[0]

    def _pseudonym(self, secret: str) -> str:
        return f"[redacted {self.digest(secret.encode('utf-8', 'surrogatepass'))[:12]}]"

    # --- JSON

    def _in_json(self, text: str) -> tuple[str, int]:
        try:
            value = json.loads(text)
            found: list[str] = []
            clean = self._value(value, found, within_list=False)
            return (_json(clean), len(found)) if found else (text, 0)
        except (ValueError, RecursionError):  # not to be read, so nobody can say what of it is secret
            return json.dumps(REDACTED), 1

    def _value(self, value: Any, found: list[str], *, within_list: bool) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, dict):
            return self._object(value, found)
        if isinstance(value, list):
            if within_list and len(value) == _PAIR and isinstance(value[0], str) and self._secret_name(value[0]):
                found.append(value[0])
                return [value[0], REDACTED]
            return [self._value(each, found, within_list=True) for each in value]
        if isinstance(value, str):
            return self._noted(self._in_words(value, frozenset()), found)
        if isinstance(value, int | float) and not isinstance(value, bool):
            written, count = self._by_shape(str(value), frozenset(), _constant)
            return self._noted((written, count), found) if count else value
        return value

    def _object(self, value: dict[str, Any], found: list[str]) -> dict[str, Any]:
        named = next((value[name] for name in ("key", "name") if isinstance(value.get(name), str)), None)
        clean = {}
        for name, inner in value.items():
            if self._secret_name(name) or (name == "value" and named is not None and self._secret_name(named)):
                found.append(name)
                clean[name] = REDACTED
            else:
                told = self._noted(self._by_shape(name, frozenset(), self._pseudonym), found)
                clean[told] = self._value(inner, found, within_list=False)
        return clean

    def _noted(self, changed: tuple[str, int], found: list[str]) -> str:
        found += [changed[0]] * changed[1]
        return changed[0]

    # --- words

    def _in_words(self, text: str, skipped: frozenset[str]) -> tuple[str, int]:
        parts, done = [], 0
        for match in _NAMED.finditer(text):
            if match.start() < done or not self._names_secret(text, match):
                continue
            begin, end = _value_span(text, match)
            if begin < end:
                parts += [text[done:begin], REDACTED]
                done = end
        named = "".join([*parts, text[done:]])
        shaped, count = self._by_shape(named, skipped, _constant)
        return shaped, count + len(parts) // 2

    def _names_secret(self, text: str, match: re.Match[str]) -> bool:
        name = match["key"] or match["option"]
        behind_escape = match["key"] and text[max(0, match.start() - 1) : match.start()] == "\\"  # \nkey=
        return self._secret_name(name) or bool(behind_escape and self._secret_name(name[1:]))

    def _by_shape(self, text: str, skipped: frozenset[str], instead: Callable[[str], str]) -> tuple[str, int]:
        count = 0
        for pattern in self._patterns:
            if pattern.regex.search(text) and pattern.name not in skipped:
                text, replaced = _replaced(text, pattern, instead)
                count += replaced
        return text, count


def _replaced(text: str, pattern: Pattern, instead: Callable[[str], str]) -> tuple[str, int]:
    group = "secret" if "secret" in pattern.regex.groupindex else 0
    parts, done = [], 0
    for match in pattern.regex.finditer(text):
        begin, end = match.span(group)
        size = pattern.is_one(text[begin:end]) if begin >= 0 else 0
        if size and text[begin : begin + size] != REDACTED:
            parts += [text[done:begin], instead(text[begin : begin + size])]
            done = begin + size
    return "".join([*parts, text[done:]]), len(parts) // 2


_PAIR = 2
_PROSE = frozenset({"message", "error_message", "backtrace", "status_message", "name", "label"})
"""Columns of words, in which a key and its value may stand; the others hold names and ids."""

_NEVER = {
    "worker": frozenset({_EMAIL}),  # Celery names its workers celery@web-1.example.com
    "host": frozenset({_EMAIL}),
    "trace_id": frozenset({_EMAIL, _CARD}),
    "span_id": frozenset({_EMAIL, _CARD}),
    "parent_span_id": frozenset({_EMAIL, _CARD}),
}
"""Shapes that are no secret in these columns, though they look like one."""


def _constant(_: str) -> str:
    return REDACTED


def _json(value: Any) -> str:  # noqa: ANN401 - any JSON
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        written.encode()
    except UnicodeEncodeError:  # halves of surrogate pairs
        return json.dumps(value, separators=(",", ":"))
    return written


# --- names of keys

_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_LETTER = re.compile(r"(?:%[0-9A-Fa-f]{2}|[\W_])+")


def _words(name: str) -> str:
    """``X-Api-Key``, ``apiKey`` and ``api.key`` as ``_api_key_``; '' for a name without letters and digits."""
    words = _NO_LETTER.sub("_", _BORDER.sub("_", name)).strip("_").lower()
    return f"_{words}_" if words else ""


def _name_test(keys: tuple[str, ...]) -> Callable[[str], bool]:
    wanted = [words for key in keys for words in {_words(key), f"_{_words(key).replace('_', '')}_"}]
    pattern = re.compile("|".join(sorted({re.escape(words) for words in wanted})))

    def is_secret(name: str) -> bool:
        spelled = _words(name)
        as_one = f"_{_NO_LETTER.sub('_', name).strip('_').lower()}_"  # passWord
        return bool(spelled) and bool(pattern.search(spelled) or pattern.search(as_one))

    remembered: dict[str, bool] = {}

    def known(name: str) -> bool:
        if name not in remembered:
            if len(name) > _LONGEST_NAME or len(remembered) > _MOST_NAMES:
                return is_secret(name)
            remembered[name] = is_secret(name)
        return remembered[name]

    return known


_LONGEST_NAME, _MOST_NAMES = 200, 100_000


def _hint(redaction: Redaction) -> str | None:
    """One expression that finds all texts worth reading; None where only reading them can tell."""
    shapes = [pattern.hint for pattern in redaction.patterns]
    if not all(shapes):
        return None
    joint = "(?:%[0-9A-Fa-f]{2}|[^0-9A-Za-z])*"
    names = [f"(?i:{joint.join(map(re.escape, _words(key).strip('_').split('_')))})" for key in redaction.keys]
    return "|".join([*names, *filter(None, shapes), r"\\u"])  # in JSON any letter may be written so


# --- a key and its value in words

_NAMED = re.compile(
    r"""(?<![\w.%\[\]-])(?P<key>[\w.%\[\]-]+)(?:\\*["'])?[ \t]*(?P<by>=>|:(?!:|//)|=(?!=))[ \t]*"""
    r"""|(?<![\w-])--(?P<option>[\w-]+)[ \t]+(?=[^\s-])"""
)
_QUOTE = re.compile(r"""[bBuUrRfF]?(?P<escapes>\\*)(?P<quote>["'`])""")
_BARE = re.compile(
    r"""(?:(?:bearer|basic|digest|token|apikey)[ \t]+)?(?:[^\s&"'<>]|["'](?=\w)|&(?![\w.%\[\]-]+=|$|\s))+""",
    re.IGNORECASE,
)
_NEXT = re.compile(r"[,;](?=\s|$|[\w.%\[\]-]+[=:])")
_NESTING = re.compile(r"""\\.|["'\[\](){}]""", re.DOTALL)


def _value_span(text: str, match: re.Match[str]) -> tuple[int, int]:
    """Where the value begins and ends that belongs to a key; a value without its end goes on to the end of the text."""
    begin = match.end()
    quote = _QUOTE.match(text, begin)
    if quote:
        return quote.end(), _quote_end(text, quote)
    if text[begin : begin + 1] in {"[", "{", "("}:
        return begin, _nested_end(text, begin)
    if match["by"] == ":" and _begins_a_line(text, match.start()):  # a header, or YAML
        end = text.find("\n", begin)
        return begin, len(text) if end < 0 else end
    bare = _BARE.match(text, begin)
    if bare is None:
        return begin, begin
    following = _NEXT.search(text, begin, bare.end())
    end = following.start() if following else bare.end()
    return begin, begin + len(text[begin:end].rstrip(")]},;"))


def _quote_end(text: str, quote: re.Match[str]) -> int:
    """The place of the quotation mark that ends what this one begins, written with as many escapes."""
    depth = len(quote["escapes"])
    for mark in re.compile(rf"(?<!\\)(\\*){quote['quote']}").finditer(text, quote.end()):
        escapes = len(mark[1])
        if (escapes == depth or escapes < depth) if depth else escapes % 2 == 0:
            return mark.start()
    return len(text)


def _nested_end(text: str, begin: int) -> int:
    depth, within = 0, ""
    for token in _NESTING.finditer(text, begin):
        mark = token[0]
        if within:
            within = "" if mark == within else within
        elif mark in _QUOTES:
            within = mark
        else:
            depth += (mark in _OPENING) - (mark in _CLOSING)
            if depth == 0:
                return token.end()
    return len(text)


_QUOTES = frozenset("\"'")
_OPENING, _CLOSING = frozenset("[({"), frozenset("])}")


def _begins_a_line(text: str, place: int) -> bool:
    before = text[max(0, place - _INDENTED) : place]
    _, line_end, indent = before.rpartition("\n")
    return bool(line_end or place <= _INDENTED) and not indent.strip(" \t:-'\"")


_INDENTED = 80
