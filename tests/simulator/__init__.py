"""
Days of a job system that never was: traffic, faults, and what its logs and snapshots would have shown.

``world`` lets time pass from event to event: producers, queues, worker processes with threads, retries, timetables,
deploys and crashes, as ``shop`` sets them up. It knows nothing of ``jobrunner``, nor of what ``analysis`` asks. What
happened stands in ``life``. ``faults`` lists what can go wrong, each with the rules that name it rightly. ``sidekiq``
and ``job_log`` write the same life as the files of two systems; ``losses`` takes lines, hosts and snapshots away and
sets clocks apart. ``truth`` says from the life alone what is right to say, and what the files that are left can still
show; ``scoring`` holds findings against it.

    python -m tests.simulator --days 20 --loss lines --loss clocks

prints recall and precision per rule. The same seed is the same day, on every machine. Faults are drawn apart from
traffic: a day with faults has the quiet day's jobs, and more.
"""
