# Each target does all its set-up itself; Python 3.11+ and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check lint docs golden clean

demo: $(READY) ## ingest a story of sample_logs/, check it, write the incident report; another one with STORY=name
	$(BIN)/jobtrail demo $(STORY)

.PHONY: stories
stories: $(READY) ## write jobrunner's stories in sample_logs/ anew
	$(BIN)/python scripts/write_stories.py

test: $(READY) ## run the tests
	scripts/system-packages
	$(BIN)/pytest -n 2 --dist loadgroup

.PHONY: soak
soak: $(READY) ## try the properties with a thousand examples each, simulate 200 quiet days, 30 bad ones and losses, then fuzz each target for SECONDS=180; takes hours
	$(BIN)/pytest -n 2 --dist loadgroup -q --hypothesis-profile=soak
	@$(MAKE) --no-print-directory fuzz

.PHONY: fuzz
fuzz: $(READY) ## give bytes that nobody wrote to all that reads input, each TARGET= for SECONDS=180
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --only-binary atheris --editable '.[fuzz]' \
		|| echo "atheris does not install on this Python: samples are damaged at random instead"
	$(BIN)/python -m fuzz $(TARGET) --seconds $(or $(SECONDS),180)

.PHONY: bench bench-questions
bench: $(READY) ## CPU and memory of reading 1,000 MB of each kind of input, beside other tools; SIZE=megabytes
	$(BIN)/python -m benchmarks --size $(or $(SIZE),1000)

bench-questions: $(READY) ## time and memory of deriving, all rules, incidents and why on many attempts; ATTEMPTS=number
	$(BIN)/python -m benchmarks.questions --each --attempts $(or $(ATTEMPTS),1000000)

check: lint test ## everything that must hold before a push

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --processes 2 ingest analysis reports

docs: $(READY) ## write what docs/ says about rules, tables, commands and formats from the code
	$(BIN)/python scripts/write_docs.py

golden: $(READY) ## write the reports in tests/reports/golden/ anew; read the difference before committing it
	JOBTRAIL_RENEW_GOLDEN=1 $(BIN)/pytest -q tests/reports/test_golden.py tests/reports/test_check_command.py

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "jobtrail needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "this Python cannot make environments; on Debian: apt-get install python3-venv"; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info
