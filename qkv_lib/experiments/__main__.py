"""Train what the stored tables of the book lack.

Run as ``python -m qkv_lib.experiments [NAME …]``, where a name is that of a file beside this one;
without names, all of them but ``longer``, which from nothing takes about three hours on one core.
``make results`` does the same. Runs that the same code made before are kept.
"""

import sys
from importlib import import_module
from pkgutil import iter_modules

import torch

from qkv_lib import experiments
from qkv_lib.experiments.table import Table

ONLY_BY_NAME = "longer"
"""An experiment that takes more hours than all others; another machine made its table."""


def tables(name: str) -> list[Table]:
    """Return the tables that an experiment stores, in the order in which they stand there."""
    module = import_module(f"qkv_lib.experiments.{name}")
    return [each for each in vars(module).values() if isinstance(each, Table)]


def names() -> list[str]:
    """Return the names of the experiments."""
    found = [each.name for each in iter_modules(experiments.__path__)]
    return [name for name in found if name not in ("table", "__main__")]


def main(chosen: list[str]) -> None:
    """Fill the tables of the experiments that are named, or of all."""
    if unknown := set(chosen) - set(names()):
        sys.exit(f"no experiment is called {', '.join(unknown)}; there are {', '.join(names())}")
    torch.set_num_threads(1)
    usual = [name for name in names() if name != ONLY_BY_NAME]
    for table in (each for name in chosen or usual for each in tables(name)):
        table.fill()


if __name__ == "__main__":
    main(sys.argv[1:])
