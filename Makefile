# Needs Python 3.11, make and git; everything else is installed into .venv.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
NB ?=

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SITE := _build/html
FRESH := _build/.fresh

PIP := $(BIN)/python -m pip --disable-pip-version-check
TORCH := $(shell grep '^torch==' requirements.txt)
# A +cpu wheel sorts above the plain one of the same version (which brings CUDA on Linux).
TORCH_CPU := --extra-index-url https://download.pytorch.org/whl/cpu

# Notebooks run on one thread each, two at a time; the same in every target, so
# that a sum of floats is taken in the same order when outputs are compared.
export OMP_NUM_THREADS := 1
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadscope

.DEFAULT_GOAL := help
.PHONY: help book test notebooks results lab serve lint bench coverage mutants lock clean
.DELETE_ON_ERROR:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

book: $(INSTALLED) $(FRESH) ## build the HTML book and print the path of the page to open
	@$(BIN)/jupyter-book build . -W -n --keep-going --quiet || { \
		rm -rf _build/.doctrees; \
		echo "The book has warnings or errors: they are listed above." >&2; exit 1; }
	@echo "Open $(CURDIR)/$(SITE)/book/index.html"

test: book ## prove everything: library, equations, notebooks cell by cell, built pages
	@$(PYTEST) --nbval --nbval-cell-timeout=300

notebooks: $(INSTALLED) ## re-execute notebooks and rewrite their outputs; NB=book/05-practice.ipynb for one
	@$(BIN)/python -m tests.tools.notebooks $(NB)

lab: $(INSTALLED) ## open the chapters in JupyterLab, to change and run them
	@$(BIN)/jupyter-lab --notebook-dir=book

results: $(INSTALLED) ## train the models of chapter 6 with every seed and store their results (half an hour)
	@$(BIN)/python -m tests.tools.image_results

serve: book ## build the book and serve it on http://localhost:8000 (PORT=… for another port)
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(SITE) $(PORT)

lint: $(INSTALLED) ## check style and types: ruff, mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --exclude '*.ipynb' .
	@$(BIN)/mypy

bench: $(INSTALLED) ## time the paths against each other, on all cores; needs a quiet machine
	@env -u OMP_NUM_THREADS $(BIN)/python -m tests.benchmarks.speed

coverage: $(INSTALLED) ## branch coverage of qkv_lib by the library tests
	@$(PYTEST) tests --ignore tests/book --cov --cov-report=term --cov-report=html

# The ground floor, and the tests that hold it, in a scratch directory: mutmut rewrites the code.
MUTANTS := _build/mutants
MUTATION_TESTS := __init__ arrays reference refusals test_attention test_checks test_heads test_masks

mutants: $(INSTALLED) ## break the ground floor line by line; every break should fail a test (minutes)
	@rm -rf $(MUTANTS) && mkdir -p $(MUTANTS)/tests && cp -r qkv_lib $(MUTANTS)/
	@cp $(MUTATION_TESTS:%=tests/%.py) $(MUTANTS)/tests/
	@cp tests/mutation/profile.py $(MUTANTS)/tests/conftest.py
	@cp tests/mutation/mutmut.toml $(MUTANTS)/pyproject.toml
	@$(PYTHON) -m venv $(MUTANTS)/.venv && $(MUTANTS)/.venv/bin/python -m pip install --quiet mutmut==3.8.1
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > \
		"$$($(MUTANTS)/.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/project.pth"
	@cd $(MUTANTS) && .venv/bin/mutmut run --max-children 2 && .venv/bin/mutmut results

lock: ## resolve requirements.txt anew and rewrite constraints.txt
	@rm -rf _build/lock && $(PYTHON) -m venv _build/lock
	_build/lock/bin/python -m pip install --quiet $(TORCH_CPU) $(TORCH)
	_build/lock/bin/python -m pip install --quiet --requirement requirements.txt
	@{ echo "# The full resolved set for Python 3.11, written by \`make lock\`: do not edit."; \
	   echo "# CUDA packages are absent: a plain torch wheel pins its own."; \
	   _build/lock/bin/python -m pip freeze --all --exclude pip | sed 's/+cpu$$//'; } > constraints.txt
	@rm -rf _build/lock
	@git diff --stat -- constraints.txt

clean: ## remove what was built (.venv stays; remove it by hand to start from nothing)
	rm -rf _build htmlcov .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The environment: made anew when what is to be installed has changed.
$(INSTALLED): requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; v[:2] == (3, 11) or sys.exit("Python 3.11 is needed, found %d.%d; set PYTHON=/path/to/python3.11" % v[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing $(TORCH)"
	@$(PIP) install --retries 0 $(TORCH_CPU) --constraint constraints.txt $(TORCH) || \
		$(PIP) install --constraint constraints.txt $(TORCH)
	@echo "Installing the rest"
	@$(PIP) install --requirement requirements.txt --constraint constraints.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Sphinx writes only changed pages; these change all of them.
$(FRESH): _config.yml _toc.yml $(wildcard book/_ext/*.py) $(shell find book/_static -type f) $(INSTALLED)
	@rm -rf _build && mkdir _build && touch $@
