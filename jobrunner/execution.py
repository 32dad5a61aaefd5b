"""How a job runs: counted, its arguments read, its callbacks around ``perform``, its error dealt with."""

from __future__ import annotations

import asyncio
import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

from jobrunner.arguments import apart
from jobrunner.callbacks import Chain, callbacks_of, finished
from jobrunner.error_handling import handle
from jobrunner.job import Job

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from random import Random

    Attempt = Callable[[], Awaitable[None]]


async def run(
    job: Job, *, wrap: Callable[[Attempt], Awaitable[None]] | None = None, random: Random | None = None
) -> Any:  # noqa: ANN401 - what perform returns
    """
    Run a job once and return what ``perform`` did, or the error that a rule of the class dealt with.

    ``wrap`` goes around the attempt and sees its error, before any rule does; ``random`` spreads the waits of retries.
    Raises the error where no rule fits or its retries are used up, and what rules themselves raise.
    """
    job.executions += 1
    job.outcome = job.result = job.error = None
    attempt = partial(_attempt, job)
    try:
        await (attempt() if wrap is None else wrap(attempt))
    except Exception as error:  # noqa: BLE001 - whatever a job raises is asked about
        job.error = error
        return await handle(job, error, random or job.random)
    return job.result


def run_to_end(job: Job) -> Any:  # noqa: ANN401 - what perform returns
    """Run a job once, from code that is not async; as ``run``. ``RuntimeError`` for an async one in a running loop."""
    if not _is_async(job):
        return finished(run(job))
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(run(job))
    raise RuntimeError(f"{type(job).__name__} is async and an event loop runs here: await execution.run(job) instead")


def perform(told: Mapping[str, Any]) -> Any:  # noqa: ANN401 - what perform returns
    """Run a job from its hash, as a worker does; as ``run_to_end``, and ``UnknownJobClassError``, ``JobDataError``."""
    return run_to_end(Job.deserialize(told))


async def _attempt(job: Job) -> None:
    job.read_arguments()
    chain = Chain(job, "perform", partial(_work, job))
    await chain.run()
    job.result = chain.result
    job.outcome = "cancelled" if chain.halted else job.outcome or "succeeded"


def _work(job: Job) -> Any:  # noqa: ANN401 - what perform returns
    positional, named = apart(job.arguments)  # only now: callbacks may have changed them
    return job.perform(*positional, **named)


def _is_async(job: Job) -> bool:
    methods = [job.perform, *(getattr(job, name) for _, name in callbacks_of(type(job), "perform"))]
    return any(inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each) for each in methods)
