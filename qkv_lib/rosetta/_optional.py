"""Import a package that is not needed elsewhere, or say how to install it."""

from __future__ import annotations

import os
import sys
import warnings
from importlib import import_module
from typing import Any


def optional(module: str) -> Any:
    """Return a module of an optional package.

    Raises
    ------
    ImportError
        The package is not installed, or Keras runs on another backend than torch.

    Examples
    --------
    >>> optional("numpy").__name__
    'numpy'
    """
    package = module.partition(".")[0]
    if package == "keras":
        _choose_backend()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # while importing: about widgets, and the like
            found = import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != package:
            raise
        raise ImportError(
            f"{package} is not installed; the tools of chapter 7 come with "
            "pip install 'qkv-lib[tools]'"
        ) from error
    if package == "keras" and import_module("keras").backend.backend() != "torch":
        raise ImportError("keras runs on another backend: set KERAS_BACKEND=torch and restart")
    return found


def _choose_backend() -> None:
    """Tell Keras, before it is imported, to compute with torch; only it is installed here."""
    if "keras" not in sys.modules:
        os.environ.setdefault("KERAS_BACKEND", "torch")
