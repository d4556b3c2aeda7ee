# Set-up and the things people do with the course. `make` alone lists them.
# Hand options on with ARGS, for example:  make run ARGS="--profile smoke --jobs 2"

SHELL := bash
# A user's own settings that would send packages elsewhere, or change what Python does with ours.
export PIP_USER := 0
unexport PIP_TARGET PIP_PREFIX PIP_ROOT
unexport PYTHONHOME PYTHONOPTIMIZE PYTHONSTARTUP PYTHONINSPECT PYTHONWARNINGS
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -I -c "$(FITS)" 2>/dev/null && echo $$p && break; done)
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
INSTALLED := .venv/installed
BACKENDS := .venv-backends
BACKENDS_BIN := $(subst .venv,$(BACKENDS),$(BIN))

# An environment says in its last file, `installed`, for which folder it was made. One that was moved or copied with its
# folder, that was left unfinished, or whose Python is gone, is made anew.
unfit = $(shell test "$$(cat $(1)/installed 2>/dev/null)" = "$$(pwd -P)" && $(2)/python -I -c "" 2>/dev/null || echo anew)

.PHONY: help setup run test lab site refresh backends lock clean anew

help: ## list these targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(INSTALLED) ## make .venv and install the locked packages and the course (once)

run: setup ## run every chapter and write a report
	@$(BIN)/course run $(ARGS)

test: setup ## run the whole test suite
	@$(BIN)/python -m pytest $(ARGS)

lab: setup ## open JupyterLab on your own copies in work/
	@$(BIN)/course lab $(ARGS)

site: setup ## build the web edition in build/site
	@$(BIN)/course site $(ARGS)

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

# The installer, uv, is in the lock like every other package: pip fetches that one entry, uv the rest.
$(INSTALLED): requirements.lock pyproject.toml $(call unfit,.venv,$(BIN))
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@if test -e .venv && test -n "$(call unfit,.venv,$(BIN))"; then \
		echo "The .venv here is unfinished, or was made for another folder: making it anew."; rm -rf .venv; fi
	@echo "Setting up .venv with $$($(PYTHON) -I --version) (once, about a minute after the downloads) ..."
	@test -x $(BIN)/python || $(PYTHON) -I -m venv .venv
	@sed -n '/^uv==/,/^    # via/p' requirements.lock > .venv/uv.txt
	@$(BIN)/python -I -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r .venv/uv.txt
	@$(BIN)/uv pip install --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@pwd -P > $@

# pip, not uv, for the second step: it keeps to versions and builds that an administrator has set for this machine.
$(BACKENDS)/installed: requirements.lock Makefile $(call unfit,$(BACKENDS),$(BACKENDS_BIN))
	@$(PYTHON) -I -m venv --clear $(BACKENDS)
	@$(BIN)/uv pip install --quiet --python $(BACKENDS_BIN)/python --require-hashes -r requirements.lock
	@$(BACKENDS_BIN)/python -I -m pip install --quiet --disable-pip-version-check jax==0.10.2 torch==2.13.0
	@pwd -P > $@

anew:
