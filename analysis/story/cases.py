"""
The verdicts, one case each: a case looks at a life and tells its conclusion, or passes it on.

The first of ``CASES`` that speaks is right. The last one always speaks: where the inputs cannot tell, that is the
verdict, with the input that would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from analysis.counts import enumeration
from analysis.durations import in_words
from analysis.finding import Confidence, weakest
from analysis.lock_holders import had
from analysis.rules import hung
from analysis.story.life import Life, Run, Step
from analysis.story.remarks import overlap
from analysis.story.telling import Telling, error, times, turn, waited_and_ran, what_went_before
from analysis.story.witness import ON_QUEUE, decisive, ends_of, last, put_back_between

Kind = Literal[
    "finished",
    "retried",
    "ran-again",
    "ran-twice",
    "given-up",
    "failed",
    "discarded",
    "retrying",
    "retry-overdue",
    "running",
    "hung",
    "orphaned",
    "waiting",
    "unread-queue",
    "no-worker",
    "paused-queue",
    "scheduled",
    "overdue",
    "enqueue-failed",
    "locked-out",
    "vanished",
    "end-unseen",
    "cannot-tell",
]
"""What a verdict can be."""

_OVERDUE = 60.0
"""Seconds past its time from which on a scheduled job or a retry is late."""

_ENDED = {
    "succeeded": "succeeded",
    "failed": "failed",
    "interrupted": "was cut off by a shutdown",
    "cancelled": "was kept from its work",
}
"""How a run ended, by its state; one in another state has no end that an input shows."""


@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """What one case says."""

    kind: Kind
    sentence: str
    confidence: Confidence = "high"
    reason: str
    rests_on: tuple[Step, ...]
    next_steps: tuple[str, ...] = ()


def _never_enqueued(life: Life, telling: Telling) -> Conclusion | None:
    failed = last(life, "enqueue_failed")
    if failed is None or life.runs or any(step.event in ON_QUEUE for step in life.steps):
        return None
    with_error = f" with {life.error_class}" if life.error_class else ""
    return Conclusion(
        kind="enqueue-failed",
        sentence=f"It never got into the queue: the push failed{with_error} at {telling.at(failed.at)}",
        reason="the enqueuing application says so, and no other input knows the job",
        rests_on=(failed,),
        next_steps=("Read the error, and enqueue the work again once its cause is mended.",),
    )


def _locked_out(life: Life, telling: Telling) -> Conclusion | None:
    kept_out = last(life, "lock_conflict")
    if kept_out is None or life.runs or last(life, "lock_conflict", *ON_QUEUE) != kept_out:
        return None
    lock, when = life.lock, telling.at(kept_out.at)
    if lock is None or lock.holder_id is None:
        return Conclusion(
            kind="locked-out",
            sentence=f"A uniqueness lock kept it out at {when}, and it never ran",
            reason="the log names the conflict; whether the lock's holder was alive it does not tell",
            confidence="medium",
            rests_on=(kept_out,),
            next_steps=(
                "Look whether the job that holds the lock still exists; a lock without one is a leaked lock.",
                "Give the lock a lifetime, so that a crash cannot hold it for ever.",
            ),
        )
    later = f"; the same work came again at {telling.at(lock.next_at)}" if lock.next_at else ""
    ended = f", which had {had([lock.holder_end])} at {telling.at(lock.holder_ended_at)}," if lock.holder_end else ""
    if lock.left_behind_at:
        later += f"; at {telling.at(lock.left_behind_at)} the lock was still there, and nobody who held it"
    return Conclusion(
        kind="locked-out",
        sentence=f"A uniqueness lock that job {lock.holder_id} held{ended} "
        f"kept it out at {when}, and it never ran{later}",
        reason="both name the same lock"
        if lock.holder_basis == "lock"
        else "that job does the same work; the lock itself is not told",
        confidence="high" if lock.holder_basis == "lock" else "medium",
        rests_on=(kept_out,),
        next_steps=(
            f"See what became of the holder: jobtrail why {lock.holder_id}",
            "Take the lock away only when no job of that key waits or runs; then enqueue the work again.",
        ),
    )


def _ran_twice(life: Life, telling: Telling) -> Conclusion | None:
    good = [run for run in life.runs if run.state == "succeeded"]
    if len(good) < 2:  # noqa: PLR2004 - twice
        return None
    first, second = good[0], good[1]
    many = "twice" if len(good) == 2 else f"{len(good)} times"  # noqa: PLR2004 - the same
    again = put_back_between(life, first, second)
    if overlap(first, second):
        why = "the two runs overlapped"
    elif again:
        why = f"it was on its queue again at {telling.at(again.at)}"
    else:
        why = "no input shows what handed it out again"
    when = f"at {telling.at(first.ended_at)} and again at {telling.at(second.ended_at)}"
    return Conclusion(
        kind="ran-twice",
        sentence=f"It succeeded {many}, {when}; {why}",
        reason="each of these runs has an end of its own in the inputs",
        rests_on=ends_of(life, good) + ((again,) if again else ()),
        next_steps=(
            "Check what the job did twice, and undo it where it matters.",
            "Look for what hands it out again: a client that pushes twice, a script, a fetch with a time limit.",
        ),
    )


def _finished(life: Life, telling: Telling) -> Conclusion | None:
    if life.state != "succeeded":
        return None
    good = next((run for run in reversed(life.runs) if run.state == "succeeded"), None)
    before = [run for run in life.runs if good and run.attempt < good.attempt]
    when = telling.at(life.finished_at)
    if good is None or not before:
        return Conclusion(
            kind="finished",
            sentence=f"It finished well on its first run, at {when}{waited_and_ran(good)}",
            reason="an input shows its end",
            rests_on=ends_of(life, [good] if good else []),
        )
    failed = [run for run in before if run.state == "failed"]
    return Conclusion(
        kind="retried" if failed else "ran-again",
        sentence=f"It finished well on run {good.attempt}, at {when}, after {enumeration(what_went_before(before))}",
        reason="an input shows the end of each run"
        if not any(run.died for run in before)
        else next(run.worker_basis for run in before if run.died) or "its worker fell silent",
        confidence=weakest(run.worker_confidence for run in before if run.died),
        rests_on=ends_of(life, [*before, good]),
        next_steps=("Make sure that the work of the run that was cut off is not half done twice.",)
        if any(run.state != "failed" for run in before)
        else (),
    )


_BEFORE_ANY_RUN = frozenset({"NotRegistered"})
"""Errors with which a worker gives a job up that it does not know, without running it."""


def _given_up(life: Life, telling: Telling) -> Conclusion | None:
    if life.state != "failed":
        return None
    runs = max([len(life.runs), *(run.attempt_logged or 0 for run in life.runs)])
    after = "after its only run" if runs == 1 else f"after {runs} runs" if runs else "after runs that no input shows"
    if not runs and life.error_class in _BEFORE_ANY_RUN:
        after = "before it ever ran"
    told = life.state_basis == "snapshot" or last(life, "retries_exhausted", "dead", "discarded") is not None
    used_up = bool(life.max_attempts and runs >= life.max_attempts)
    return Conclusion(
        kind="given-up",
        sentence=f"It failed for good at {telling.at(life.finished_at or life.state_at)} {after}{error(life)}",
        confidence="high" if told or used_up else "medium",
        reason="an input says that no retry comes"
        if told
        else "it is allowed no more runs"
        if used_up
        else "it failed, and no later input holds it for a retry; a snapshot of the dead set would settle it",
        rests_on=decisive(life, "retries_exhausted", "dead", "failed", "error_reported", "run"),
        next_steps=(
            "Read the error and mend its cause.",
            "Then enqueue the work again, from the dead set where there is one; check first what it did already.",
        ),
    )


def _discarded(life: Life, telling: Telling) -> Conclusion | None:
    if life.state != "discarded":
        return None
    return Conclusion(
        kind="discarded",
        sentence=f"It was discarded at {telling.at(life.state_at)}{error(life)}",
        reason="a log says so",
        rests_on=decisive(life, "discarded", "cancelled"),
        next_steps=("Ask whether it should have been: the code that discards it says on which errors.",),
    )


def _retrying(life: Life, telling: Telling) -> Conclusion | None:
    if life.state != "retrying":
        return None
    failures = max(life.failures, *(run.attempt_logged or 0 for run in life.runs)) if life.runs else life.failures
    late = (life.as_of - life.run_at).total_seconds() if life.run_at else 0
    if life.run_at is None:
        then = "no input shows when it is tried again"
    elif late > _OVERDUE:
        then = f"its retry was due at {telling.at(life.run_at)} and has not begun {in_words(late)} later"
    else:
        then = f"it is tried again at {telling.at(life.run_at)}"
    often = {0: "a number of times", 1: "once"}.get(failures, f"{failures} times")
    return Conclusion(
        kind="retry-overdue" if late > _OVERDUE else "retrying",
        sentence=f"It failed {often} so far{error(life)}; {then}",
        reason=f"the last word on it, at {telling.at(life.state_at)}, is a {life.state_basis}'s",
        confidence="high" if life.state_basis == "snapshot" else "medium",
        rests_on=decisive(life, "retry", "retry_scheduled", "failed", "error_reported", "run"),
        next_steps=("Read the error: is its cause still there? If so, every retry will fail like the last.",)
        if late <= _OVERDUE
        else ("Look whether the process that moves due retries onto their queues runs, and whether workers are busy.",),
    )


def _running(life: Life, telling: Telling) -> Conclusion | None:
    if life.state != "running" or not life.runs:
        return None
    run = life.runs[-1]
    if run.died:
        return _died(life, run, telling)
    age = (life.as_of - run.started_at).total_seconds() if run.started_at else 0.0
    began = f"Run {run.attempt} began at {telling.at(run.started_at)}"
    if run.worker_state != "alive":
        return Conclusion(
            kind="cannot-tell",
            sentence=f"Cannot tell: r{began[1:]} and no input shows its end, nor whether its worker lives",
            confidence="low",
            reason="a snapshot taken later, or heartbeats of the worker, would tell a hung run from a dead one",
            rests_on=decisive(life, "started", "running"),
            next_steps=("Look whether the worker process still exists, before anything is enqueued again.",),
        )
    is_hung = _is_hung(life, age)
    long = f", {times(age, life.usual.run_p99)} the longest usual for its class" if life.usual.run_p99 else ""
    return Conclusion(
        kind="hung" if is_hung else "running",
        sentence=f"{began} and has not ended {in_words(age)} later{long}, while its worker lives"
        if is_hung
        else f"It is running, since {telling.at(run.started_at)} ({in_words(age)})",
        confidence=weakest([run.worker_confidence]),
        reason=run.worker_basis or "its worker still speaks",
        rests_on=decisive(life, "started", "running", "heartbeat"),
        next_steps=(
            "Take a thread dump of the worker: what does the run wait for?",
            "Check the service it calls, and give that call a timeout.",
            "Restart the worker only if the job may safely run twice.",
        )
        if is_hung
        else (),
    )


def _died(life: Life, run: Run, telling: Telling) -> Conclusion:
    return Conclusion(
        kind="orphaned",
        sentence=f"Run {run.attempt} began at {telling.at(run.started_at)} and died with its worker {run.worker}, last "
        f"seen at {telling.at(run.worker_seen_at)}; nobody has run the job since",
        confidence=weakest([run.worker_confidence]),
        reason=run.worker_basis or "its worker fell silent",
        rests_on=decisive(life, "started", "running", "heartbeat"),
        next_steps=(
            "Find out why the process died: the kernel log (out of memory), the deploy log, the supervisor's log.",
            "Check whether half of the work is done; enqueue it again only if it may run twice.",
        ),
    )


def _waiting(life: Life, telling: Telling) -> Conclusion | None:
    if life.state not in ("queued", "interrupted"):
        return None
    since = telling.at(life.eligible_at or life.state_at)
    cut_off = "A shutdown cut its run off; it " if life.state == "interrupted" or life.interruptions else "It "
    place = life.place
    if place is None:
        return Conclusion(
            kind="waiting",
            sentence=f"{cut_off}waits since {since}, on a queue that no input names",
            confidence="low",
            reason="a snapshot of the queues would show where it waits",
            rests_on=decisive(life, *ON_QUEUE, "interrupted"),
        )
    waits = f"{cut_off}waits since {since} on queue {life.queue}"
    seen = place.looked_at is not None and life.state_basis == "snapshot"
    said = Conclusion(
        kind="waiting",
        sentence=f"{waits}{turn(life)}",
        confidence="high" if seen else "medium",
        reason="a snapshot holds it there"
        if seen
        else "it was put there and no input shows a start; a later snapshot would settle it",
        rests_on=decisive(life, *ON_QUEUE, "interrupted"),
        next_steps=("Look what the workers of this queue are busy with: one long job can hold them all.",)
        if place.ahead == 0 or place.started_lately == 0
        else (),
    )
    if place.paused:
        steps: tuple[str, ...] = ("Ask who paused the queue and why, before it is resumed.",)
        return replace(said, kind="paused-queue", sentence=f"{waits}, which is paused", next_steps=steps)
    if place.workers and not place.readers and not place.ever_started:
        meant = f"; did you mean {place.likely_queue}?" if place.likely_queue else ""
        steps = (
            "Compare the queue's name in the code that enqueues with the queues the workers are started with.",
            "Start a worker that reads it, or correct the name and enqueue the work again.",
        )
        return replace(said, kind="unread-queue", sentence=f"{waits}, which no worker reads{meant}", next_steps=steps)
    if place.readers and not place.readers_alive:
        steps = ("Look whether the workers of this queue run, and start them.",)
        sentence = f"{waits}, and no worker that reads it is known to live"
        return replace(said, kind="no-worker", sentence=sentence, next_steps=steps)
    return said


def _scheduled(life: Life, telling: Telling) -> Conclusion | None:
    if life.state != "scheduled":
        return None
    late = (life.as_of - life.run_at).total_seconds() if life.run_at else 0
    overdue = late > _OVERDUE
    return Conclusion(
        kind="overdue" if overdue else "scheduled",
        sentence=f"It was due at {telling.at(life.run_at)} and has not begun {in_words(late)} later"
        if overdue
        else f"It is scheduled, and due at {telling.at(life.run_at)}",
        confidence="high" if life.state_basis == "snapshot" else "medium",
        reason=f"the last word on it, at {telling.at(life.state_at)}, is a {life.state_basis}'s",
        rests_on=decisive(life, "scheduled"),
        next_steps=("Look whether the process that moves due jobs onto their queues runs.",) if overdue else (),
    )


def _vanished(life: Life, telling: Telling) -> Conclusion | None:
    run = life.runs[-1] if life.runs else None
    if life.next_look_at is None or not life.steps or (run and run.state not in _ENDED):
        return None
    seen = life.steps[-1]
    more = f"no input shows a run after run {run.attempt}, which {_ENDED[run.state]}" if run else "no input shows a run"
    return Conclusion(
        kind="vanished",
        sentence=f"Cannot tell: it was last seen at {telling.at(seen.at)} ({seen.text}), {more}, and the "
        f"snapshot of {telling.at(life.next_look_at)} no longer holds it",
        confidence="low",
        reason="it ran where no log was gathered, was deleted, or is lost; the logs of all workers would tell",
        rests_on=(seen,),
        next_steps=(
            "Gather the logs of every worker that reads its queue, and ask again.",
            "Look for whoever clears or deletes queues: a script, the dashboard's buttons.",
        ),
    )


def _end_unseen(life: Life, telling: Telling) -> Conclusion | None:
    if not life.runs:
        return None
    run = life.runs[-1]
    if run.state == "failed":
        return Conclusion(
            kind="failed",
            sentence=f"Run {run.attempt} failed at {telling.at(run.ended_at)}{error(life)}; no input tells whether "
            "it is tried again",
            confidence="medium",
            reason="a snapshot of the retry and dead sets, taken later, would tell",
            rests_on=decisive(life, "failed", "error_reported", "run"),
            next_steps=("Look into the retry and dead sets of the system for this id.",),
        )
    if run.state in _ENDED:
        return Conclusion(
            kind="cannot-tell",
            sentence=f"Cannot tell: run {run.attempt} {_ENDED[run.state]} at {telling.at(run.ended_at)}, and no input "
            "shows what came of the job then",
            confidence="low",
            reason="the log of its workers and a snapshot of the queues would tell",
            rests_on=life.steps[-1:],
            next_steps=("Gather the workers' logs and a snapshot of the queues, and ask again.",),
        )
    how = ""
    if run.worker_state == "stopped":
        how = ", although its worker shut down in order"
    elif run.died:
        how = "; it died with its worker"
    elif run.state == "unknown":
        how = ", although its thread went on to other work"
    return Conclusion(
        kind="end-unseen",
        sentence=f"Cannot tell: run {run.attempt} began at {telling.at(run.started_at)} and no input shows its end"
        f"{how}",
        confidence="low",
        reason="lines are missing from the worker's log, or it was cut off; the whole log would tell",
        rests_on=decisive(life, "started", "running"),
        next_steps=("Gather the whole log of the worker for that time, and ask again.",),
    )


def _cannot_tell(life: Life, telling: Telling) -> Conclusion:
    step = life.steps[-1] if life.steps else None
    seen = (
        f"it was last seen at {telling.at(step.at)}, and no input shows a run of it"
        if step
        else "no input says more than its id"
    )
    return Conclusion(
        kind="cannot-tell",
        sentence=f"Cannot tell: {seen}",
        confidence="low",
        reason="the log of its workers and a snapshot of the queues would tell",
        rests_on=(step,) if step else (),
        next_steps=("Gather the workers' logs and a snapshot of the queues, and ask again.",),
    )


def _is_hung(life: Life, age: float) -> bool:
    """The bar of the rule ``hung``."""
    bar, usual = hung.RULE.params, life.usual
    least = bar.min_age.total_seconds()
    if usual.run_p99 is not None and usual.runs >= bar.min_runs:
        return age >= least and age > bar.times_p99 * usual.run_p99
    return age >= least * bar.times_unknown and age > bar.times_p99 * (usual.run_max or 0)


CASES: tuple[Callable[[Life, Telling], Conclusion | None], ...] = (
    _never_enqueued,
    _locked_out,
    _ran_twice,
    _finished,
    _given_up,
    _discarded,
    _retrying,
    _running,
    _waiting,
    _scheduled,
    _vanished,
    _end_unseen,
    _cannot_tell,
)
