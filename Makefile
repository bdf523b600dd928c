# One command each; every target sets up what it needs in .venv. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.ready-runtime
DEV := $(VENV)/.ready-dev
TESTS ?=
# one more than cores: tests wait for servers, timers and disks
WORKERS ?= $(shell expr $$(nproc) + 1)
LARGE ?=
ROOM ?=
EXTRAS ?=
SAMPLE ?= 0

.PHONY: help run dashboard extras test check mutants format bench lock screenshots site clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "make %-12s %s\n", $$1, $$2}'

$(RUNTIME): requirements.txt pyproject.toml tools/setup tools/slim
	@tools/setup $(VENV) runtime
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	@tools/setup $(VENV) dev
	@touch $@

run: $(RUNTIME) ## Run the pipeline on the embedded sample and print the report
	@$(BIN)/luigi --module luigi_tasks Report --local-scheduler

dashboard: $(RUNTIME) ## Open the desk on http://127.0.0.1:8501
	@$(BIN)/afterclose dashboard

extras: $(RUNTIME) ## Install optional parts into .venv, with uv or pip: EXTRAS=team,notices
	@EXTRAS="$(EXTRAS)" tools/setup $(VENV) extras

test: $(DEV) ## Run every test
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(TESTS)

check: $(DEV) ## Format, lint, types, import rule, what documentation says of the tree, records of stage code, known vulnerabilities
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -q tests/docs tests/core/test_stage_code.py -m "not slow"
	@$(BIN)/python tools/audit $(BIN)

mutants: $(DEV) ## Break the code and see whether a test notices; ROOM=core/measures SAMPLE=200 for some of one room
	@$(BIN)/python tools/mutants.py $(ROOM) --sample $(SAMPLE) --workers $(WORKERS)

format: $(DEV) ## Let ruff format and mend what it can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(DEV) ## Measure against the bare script, and the desk in a browser; writes benchmarks/results/
	@$(BIN)/python benchmarks/run.py $(if $(LARGE),--large)
	@$(BIN)/python benchmarks/growth.py $(if $(LARGE),--large)
	@$(BIN)/python benchmarks/desk.py

screenshots: $(DEV) ## Picture every page of the desk into docs/images
	@$(BIN)/python tools/screenshots

site: $(DEV) ## Build the documentation as a site into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

lock: $(DEV) ## Pin all dependencies anew
	@tools/lock $(BIN)

clean: ## Remove the environment and caches (never data)
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
