"""The one way tests pin an error: its kind and its exact words."""

import re

import pytest


def says(kind: type[Exception], message: str) -> "pytest.RaisesExc[Exception]":
    """Expect an error of this kind with exactly this message."""
    return pytest.raises(kind, match=f"^{re.escape(message)}$")
