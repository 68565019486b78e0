# Every command stands once, in workshop/commands.py; where there is no make, `python make.py book`
# does what `make book` does. Needs Python 3.11 to 3.13 and git; all else is installed into .venv.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
export THREADS SEED NB NAME BASE FAULT PORT

COMMANDS := book test check lab serve pdf screenshots notebooks results formulas tested bite lint \
	bench coverage mutants lock install build prove clean

.DEFAULT_GOAL := help
.PHONY: help $(COMMANDS)
help $(COMMANDS):
	@"$(PYTHON)" make.py $@
