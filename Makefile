# Two commands matter: `make demo` and `make test`. Both set up what they need (.venv) the first time, and say what they do.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
JOBS ?= 2
PYTEST ?= $(BIN)/python -m pytest -n $(JOBS) --dist worksteal
# The first Python of at least 3.11 on PATH; `make PYTHON=/path/to/python3.12 venv` takes another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo "$$name"; break; fi; done)
# What another environment left in the shell must not reach ours.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME CONDA_PREFIX

.PHONY: help venv demo test lint types imports tests benchmark clean

help: ## say what can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

venv: $(STAMP) ## set up .venv with this project and its test tools

$(STAMP): pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo "No Python of at least 3.11 is on PATH. Install one, or name one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; \
		exit 1; fi
	@echo "==> Setting up $(VENV) with $$($(PYTHON) --version) and what pyproject.toml names (once; a few minutes on a slow line)"
	@if [ ! -x $(BIN)/python ]; then $(PYTHON) -m venv $(VENV) || { \
		echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv"; exit 1; }; fi
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet -e '.[test]'
	@touch $(STAMP)
	@echo "==> $(VENV) is ready; $(BIN)/jupyter-envs --help shows the commands"

demo: $(STAMP) ## make an environment, run a notebook in it, install, look, undo (everything under .demo/)
	@$(BIN)/python demo/run.py

test: $(STAMP) lint types imports tests ## check style, types and import directions, then run all tests

lint: $(STAMP)
	@echo "==> Style (ruff)"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "not formatted; $(BIN)/ruff format . does it"; exit 1; }

types: $(STAMP)
	@echo "==> Types (mypy, strict)"
	@$(BIN)/mypy

imports: $(STAMP)
	@echo "==> Direction of imports (import-linter)"
	@$(BIN)/lint-imports --no-logo

tests: $(STAMP)
	@echo "==> Tests ($(JOBS) at a time)"
	@$(PYTEST)

benchmark: $(STAMP) ## measure against py-rattler, uv and cp -al (see benchmarks/README.md)
	@$(BIN)/python benchmarks/prepare.py
	@$(BIN)/python benchmarks/run.py

clean: ## remove what make made: .venv, .demo, caches and the benchmarks' work
	@echo "==> Removing .venv, .demo, benchmarks/.work and caches"
	@rm -rf $(VENV) .demo benchmarks/.work .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
	@find . -name __pycache__ -type d -not -path './node_modules/*' -prune -exec rm -rf {} +
