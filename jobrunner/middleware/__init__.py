"""
What wraps a job, outermost first.

tracing
    outermost, so that the span covers all the others do and the log lines can name its trace
job_log
    the line ``started`` is written before, the last line after the work
heartbeat
    innermost: it knows a job as running only while it runs
"""

MIDDLEWARE = ("tracing", "job_log", "heartbeat")
