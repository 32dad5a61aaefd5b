"""
Bytes that nobody wrote, given to everything that reads input: ``python -m fuzz TARGET --seconds 60``.

A target is a promise about any bytes; ``targets/`` lists them. With atheris the bytes are chosen by which lines of
``ingest`` they reach; without it they are the samples of the tests, damaged at random.
"""
