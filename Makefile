# Set-up and the things people do with the course. `make` alone lists them.
# Hand options on with ARGS, for example:  make run ARGS="--profile smoke --jobs 2"

SHELL := bash
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c "$(FITS)" 2>/dev/null && echo $$p && break; done)
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
INSTALLED := .venv/installed
BACKENDS := .venv-backends
BACKENDS_BIN := $(subst .venv,$(BACKENDS),$(BIN))

.PHONY: help setup run test lab refresh backends lock clean

help: ## list these targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(INSTALLED) ## make .venv and install the locked packages and the course (once)

run: setup ## run every chapter and write a report
	@$(BIN)/course run $(ARGS)

test: setup ## run the whole test suite
	@$(BIN)/python -m pytest $(ARGS)

lab: setup ## open JupyterLab on your own copies in work/
	@$(BIN)/course lab $(ARGS)

refresh: setup ## run the chapters and store their outputs in chapters/
	@$(BIN)/course refresh $(ARGS)

backends: setup $(BACKENDS)/installed ## run all chapters, smoke, on JAX and on PyTorch (installs both beside .venv, once)
	@for backend in jax torch; do \
		echo "Keras on $$backend:"; \
		KERAS_BACKEND=$$backend $(BACKENDS_BIN)/python -m utils.course run --profile smoke --jobs 2 --solved \
			--out build/backends/$$backend $(ARGS) || exit 1; \
	done

lock: $(INSTALLED) ## pin every package again from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --upgrade --quiet --output-file requirements.lock

clean: ## remove .venv and build/ (never work/)
	rm -rf .venv $(BACKENDS) build

# The installer, uv, stands in the lock like every other package: pip fetches that one entry, uv the rest.
$(INSTALLED): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@echo "Setting up .venv with $$($(PYTHON) --version) (once, about a minute after the downloads) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@sed -n '/^uv==/,/^    # via/p' requirements.lock > .venv/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r .venv/uv.txt
	@$(BIN)/uv pip install --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# pip, not uv, for the second step: it keeps to versions and builds that an administrator has set for this machine.
$(BACKENDS)/installed: requirements.lock Makefile
	@$(PYTHON) -m venv $(BACKENDS)
	@$(BIN)/uv pip install --quiet --python $(BACKENDS_BIN)/python --require-hashes -r requirements.lock
	@$(BACKENDS_BIN)/python -m pip install --quiet --disable-pip-version-check jax==0.10.2 torch==2.13.0
	@touch $@
