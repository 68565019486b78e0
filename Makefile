# Every command stands once, in workshop/commands.py; where there is no make, `python make.py book`
# does what `make book` does. Needs Python 3.11 to 3.13 and git; all else is installed into .venv.
PYTHON ?= $(or $(shell for each in python3.11 python3 python; do $$each -c "" 2>&- && echo $$each && break; done),python3)
export THREADS SEED

# What a command is about, given after it: `make notebooks NB=book/05-practice.ipynb`. The same
# names in the shell's environment mean something else, and are passed over.
NB :=
NAME :=
BASE :=
FAULT :=
PORT :=
LANGUAGE :=

COMMANDS := book test check lab serve pdf screenshots notebooks results tested bite lint \
	bench coverage mutants lock install build prove clean

.DEFAULT_GOAL := help
.PHONY: help $(COMMANDS)
help $(COMMANDS):
	@"$(PYTHON)" make.py $@ $(NB) $(NAME) $(BASE) $(FAULT) $(PORT) $(LANGUAGE)
