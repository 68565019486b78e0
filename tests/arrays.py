"""Arrays for the tests: the same numbers in NumPy and torch, in any precision."""

from typing import Any

import numpy as np
import torch

Array = Any  # a NumPy array or a torch tensor

LIBRARIES = ("numpy", "torch")

# Pairwise different primes, so that no swapped axis hides.
BATCH, HEADS, N, M, D, E = 2, 3, 5, 7, 11, 13


def array(library: str, values: Any, dtype: str = "float64") -> Array:
    """Return ``values`` as an array of this library and dtype, in memory of its own."""
    if library == "numpy":
        return np.array(values, dtype=dtype)
    return torch.tensor(np.array(values), dtype=getattr(torch, dtype))


def normal(library: str, *shape: int, seed: int = 0, dtype: str = "float64") -> Array:
    """Return an array of standard normal numbers."""
    return array(library, np.random.default_rng((seed, *shape)).standard_normal(shape), dtype)


def plain(x: Array) -> np.ndarray[Any, Any]:
    """Return any array as NumPy, floating point as float64."""
    if isinstance(x, torch.Tensor):
        x = x.detach()
        x = (x.double() if x.is_floating_point() else x).cpu().numpy()
    return x.astype(np.float64) if np.issubdtype(x.dtype, np.floating) else x


def operands(
    library: str,
    *,
    heads: int = HEADS,
    kv_heads: int | None = None,
    dtype: str = "float64",
    seed: int = 0,
) -> tuple[Array, Array, Array]:
    """Return query (2, h, 5, 11), key (2, g, 7, 11) and value (2, g, 7, 13)."""
    g = heads if kv_heads is None else kv_heads
    shapes = (BATCH, heads, N, D), (BATCH, g, M, D), (BATCH, g, M, E)
    query, key, value = (
        normal(library, *shape, seed=seed + i, dtype=dtype) for i, shape in enumerate(shapes)
    )
    return query, key, value


def in_library(library: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return options of a call with their arrays in this library."""
    return {
        name: array(library, x, str(x.dtype)) if isinstance(x, np.ndarray) else x
        for name, x in options.items()
    }


def close(got: Array, wanted: Array) -> None:
    """Assert that two arrays, of any library, hold the same numbers up to rounding."""
    np.testing.assert_allclose(plain(got), plain(wanted), rtol=1e-9, atol=1e-12)
