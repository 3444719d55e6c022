# Every target does its own set-up: a fresh machine needs Python 3.11+, Go 1.26+ and make.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE   # without byte code every command imports 3 to 5 times slower

STACK ?= inferentia
PYTHON ?= python3
UV_VERSION := 0.13.9
UV := $(shell command -v uv 2>/dev/null || echo .tools/uv/bin/uv)
BIN := .venv/bin
READY := .venv/.ready
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder   # tests wait more than they compute; the tests of a file share what they start

.PHONY: help demo demo-down test check bench format args reference requirements clean

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(UV):
	$(PYTHON) -m venv .tools/uv
	.tools/uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(READY): uv.lock pyproject.toml components/pyproject.toml twin/pyproject.toml | $(UV)
	$(UV) sync --quiet --frozen --all-packages --compile-bytecode
	@touch $@

demo: $(READY)  ## the lab STACK (inferentia) on a local twin of AWS: pulumi up, pods placed on accelerators, a table
	$(BIN)/python -m stacks.demo up $(STACK)

demo-down: $(READY)  ## pulumi destroy, then prove that nothing is left, then stop the twin
	$(BIN)/python -m stacks.demo down $(STACK)

test: $(READY)  ## everything, on the real engine, API server and Karpenter
	$(BIN)/twin programs
	$(BIN)/pytest $(PARALLEL)

check: $(READY)  ## what must be green before every commit: lint, types, layers, fast tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-cache
	$(BIN)/pyright
	$(BIN)/pytest -q -m "not twin" $(PARALLEL)
	@diff <($(UV) export --quiet --frozen $(EXPORT)) requirements.txt || { echo "requirements.txt: run make requirements"; exit 1; }

bench: $(READY)  ## what explaining a pod and previewing pools cost, each beside a floor of the same run
	$(BIN)/python -m bench.explain
	$(BIN)/python -m bench.preview

format: $(READY)  ## mend what the formatter and the linter can
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format

args: $(READY)  ## components/eks_accelerators/args.py from the values of the model
	$(BIN)/python tools/args.py

reference: $(READY)  ## docs/reference, the picture of explain and the answers in the pages, from the model
	$(BIN)/python -m tools.reference
	$(BIN)/python -m tools.pictures
	$(BIN)/python -m tools.examples

EXPORT := --no-default-groups --no-hashes --no-editable --no-header --no-annotate
requirements: $(READY)  ## requirements.txt from the lock, for the official Pulumi CLI
	$(UV) lock
	$(UV) export --quiet --frozen $(EXPORT) > requirements.txt

clean:  ## this checkout's environment; the programs in the cache stay
	rm -rf .venv .tools .pytest_cache .ruff_cache .hypothesis
