# `make demo`: from nothing to a fine-tuned ELECTRA. `make test`: the tests.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
DEMO_DIR ?= demo_run
# Time for the demo, without the installation.
DEMO_MINUTES ?= 9.5
# Processes that share the tests; each takes up to 3 GB.
TEST_PROCESSES ?= 2

.PHONY: install demo test test-slow lint docs docs_serve notebooks clean

install: $(VENV)/installed

# Made anew when what it installs changes.
$(VENV)/installed: setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@

demo: install
	$(BIN)/python -m demo --output_dir=$(DEMO_DIR) --minutes=$(DEMO_MINUTES)

test: install lint docs
	$(BIN)/python -m pytest --quiet --numprocesses=$(TEST_PROCESSES) \
		--dist=worksteal

test-slow: install
	$(BIN)/python -m pytest --quiet -m slow

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The pages, with every link checked, in build/site.
docs: install
	PYTHONPATH=. NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

docs_serve: install
	PYTHONPATH=. NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

# The notebooks are what their scripts say; a test compares them.
notebooks: install
	$(BIN)/python -m tests.test_examples

clean:
	rm -rf $(VENV) $(DEMO_DIR)
