"""Background jobs for Python whose workers say what they do: a job log, spans and snapshots."""
