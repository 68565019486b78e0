# Needs Python 3.11 to 3.13, make and git; everything else is installed into .venv.
# How to install, build and test stands in make.py, which does the same where there is no make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
NB ?=
NAME ?=
FAULT ?=

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SITE := _build/html

TORCH := $(shell grep '^torch==' requirements.txt)
TORCH_CPU := --extra-index-url https://download.pytorch.org/whl/cpu

# Notebooks run on one thread each, two at a time; the same in every target, so
# that a sum of floats is taken in the same order when outputs are compared.
# THREADS=2 and SEED=7 (hash seed, order of the tests, fresh examples) must change no outcome.
THREADS ?= 1
SEED ?=
export THREADS SEED
export OMP_NUM_THREADS := $(THREADS)
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadscope

.DEFAULT_GOAL := help
.PHONY: help book pdf screenshots test tested bite notebooks results formulas lab serve lint bench coverage mutants lock clean
.DELETE_ON_ERROR:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

book: $(INSTALLED) ## build the HTML book and print the path of the page to open
	@$(BIN)/python make.py build

pdf: book ## print the whole book as one PDF with bookmarks, _build/book.pdf; needs chromium
	@$(BIN)/python -m workshop.pdf

screenshots: book ## take pictures of each page, light, dark and on a phone; needs chromium
	@$(BIN)/python -m workshop.screenshots

test: book ## prove everything: library, equations, notebooks cell by cell, built pages
	@$(BIN)/python make.py prove

tested: $(INSTALLED) ## print what is tested, by which test, and how strictly
	@$(BIN)/python -m workshop.what_is_tested

bite: $(INSTALLED) ## plant faults one by one and name what catches each; FAULT=mask for some (minutes)
	@$(BIN)/python -m tests.bite $(FAULT)

formulas: $(INSTALLED) ## record the formulas of the book, once their tests have been looked at
	@$(BIN)/python -m tests.equations.formulas

notebooks: $(INSTALLED) ## re-execute notebooks and rewrite their outputs; NB=book/05-practice.ipynb for one
	@$(BIN)/python -m workshop.notebooks $(NB)

lab: $(INSTALLED) ## open the chapters in JupyterLab, to change and run them
	@$(BIN)/jupyter-lab --notebook-dir=book

results: $(INSTALLED) ## train what the stored tables lack; NAME=translation for one (from nothing, three hours)
	@$(BIN)/python -m qkv_lib.experiments $(NAME)
	@$(BIN)/python -m workshop.outlook_results

serve: book ## build the book and serve it on http://localhost:8000 (PORT=… for another port)
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(SITE) $(PORT)

lint: $(INSTALLED) ## check style, types and spelling: ruff, mypy --strict, codespell
	@$(BIN)/ruff check .
	@git ls-files -z | xargs -0 $(BIN)/codespell
	@$(BIN)/ruff format --check --exclude '*.ipynb' .
	@$(BIN)/mypy

bench: $(INSTALLED) ## time the paths against each other, on all cores; needs a quiet machine
	@env -u OMP_NUM_THREADS $(BIN)/python -m tests.benchmarks.speed
	@$(BIN)/python -m tests.benchmarks.tools

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
	@$(PYTHON) make.py install
