"""How many examples the properties are tried with: few in every run, many with ``make soak``."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("quick", deadline=None, max_examples=40)  # a busy machine is no defect
settings.register_profile("soak", deadline=None, max_examples=1000)
settings.load_profile("quick")
