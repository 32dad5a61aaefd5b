"""
Leaked lock: a lock is still held, and the job that held it is nowhere.

Why it matters
    Every later job of that key is refused, or waits, until someone takes the lock away. Most systems refuse without a
    word, so that the work just stops coming.

What to look at first
    How the job that held it had ended: killed with its worker, given up, or deleted by hand. Then whether the lock has
    a lifetime.

Severity
    High where it refused jobs since; medium where nothing gives it back, or its time has passed and it is still there;
    low where it will end by itself.

Blind spots
    It takes a snapshot that shows locks, workers and what they run. A lock that ends before its job does, such as
    until_executing, may be left behind while that job still works: that is not seen. Neither are locks of Sidekiq
    Enterprise, nor locks kept for a time on purpose. A lock with a lifetime is left alone where nothing tells its kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel

from analysis.counts import count, which
from analysis.durations import in_words
from analysis.finding import Confidence
from analysis.lock_holders import had
from analysis.rule import Row, Rule, Verdict

_NAMED = 10
"""Keys and holders that a finding names; the answer to its question has them all."""


class Params(BaseModel):
    """Thresholds."""

    release_within: timedelta = timedelta(seconds=5)
    """A lock may be given back so long after its holder's end."""
    apart: timedelta = timedelta(seconds=30)
    """Where no input shows that end: two snapshots at least so far apart must both show the holder nowhere."""


def verdict(rows: Sequence[Row], _params: Params) -> Verdict:
    """Say how many locks were left behind, for how long, and what they kept out."""
    locks = list({(row["lock"], row["holder_id"]): row for row in rows}.values())
    keys = list(dict.fromkeys(row["lock"] for row in locks))
    holders = list(dict.fromkeys(row["holder_id"] for row in locks if row["holder_id"]))
    refused = len({(row["job_id"], row["last_at"]) for row in rows if row["effect"] == "jobs refused"})
    waiting = sum({row["lock"]: row["waiting"] for row in locks}.values())
    longest = max(row["idle_for"] for row in locks)
    stays = any(row["expires_at"] is None or row["expires_at"] <= row["seen_at"] for row in locks)
    one_or_more = f"{count(len(keys), 'lock')} of {rows[0]['job_class'] or 'an unknown class'}"
    told = [f"{one_or_more} {which(len(keys), 'was', 'were')} still held {_how_long(locks, in_words(longest))}"]
    told += [f"{count(refused, 'job')} {which(refused, 'was', 'were')} refused since"] if refused else []
    told += [f"{count(waiting, 'job')} waited for {which(len(keys), 'it', 'them')}"] if waiting else []
    return Verdict(
        title="; ".join(told),
        severity="high" if refused else "medium" if stays else "low",
        confidence=_confidence(locks),
        confidence_reason=_reason(locks),
        metrics={
            "locks": len(keys),
            "lock_keys": _few(keys),
            "lock_holders": _few(holders) or None,
            "refused": refused,
            "waiting_for_lock": waiting,
            "held_too_long_by": longest,
            "looks": min(row["looks"] for row in locks),
        },
        next_steps=(
            f"Look how the holder ended: jobtrail why {holders[0] if holders else 'ID'}",
            "Take the lock away only when no job of that key waits or runs; then enqueue again what it refused.",
            "Give such locks a lifetime a little longer than the job ever takes, so that no crash holds them for ever.",
        ),
    )


def _how_long(locks: Sequence[Row], longest: str) -> str:
    its, holder = which(len(locks), "its", "their"), which(len(locks), "holder", "holders")
    if all(row["holder_end"] for row in locks):
        return f"{longest} after {its} {holder} had {had(row['holder_end'] for row in locks)}"
    return f"though {its} {holder} {which(len(locks), 'was', 'were')} nowhere for {longest}"


def _confidence(locks: Sequence[Row]) -> Confidence:
    if any(row["is_cut_short"] for row in locks):
        return "low"
    sure = all(row["holder_end"] is not None and row["looks"] > 1 for row in locks)
    return "high" if sure else "medium"


def _reason(locks: Sequence[Row]) -> str:
    if any(row["is_cut_short"] for row in locks):
        return "a snapshot may leave out where the holder is"
    if any(row["holder_end"] is None for row in locks):
        return "two snapshots show the holder nowhere, but no input shows its end"
    if any(row["looks"] == 1 for row in locks):
        return "the holder's end was seen, and one later snapshot shows the lock"
    return "the holder's end was seen, and more than one snapshot after it shows the lock"


def _few(names: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def clean(seen: Row, params: Params) -> str:
    """Say how many locks the snapshots show."""
    if not seen["judged"]:
        return "no snapshot shows a lock; those of Sidekiq with the gem sidekiq-unique-jobs and of Solid Queue can"
    held = f"{count(seen['judged'], 'lock')} in snapshots, none left behind"
    doubtful = f"; of {seen['doubtful']:,} the holder is not to be seen" if seen["doubtful"] else ""
    return f"{held} for more than {in_words(params.release_within.total_seconds())}{doubtful}"


RULE = Rule(
    name="leaked-lock",
    family="misconfigured",
    params=Params(),
    subject=("job_class", "kind", "effect"),
    needs=(),
    verdict=verdict,
    clean=clean,
)
