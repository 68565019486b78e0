"""What several exercises of this chapter share."""

from __future__ import annotations

from qkv_lib.formula.arrays import Array

Three = tuple[Array, Array, Array]
