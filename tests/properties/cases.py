"""What every property is given: a cell of the table, and a case drawn by Hypothesis."""

import math
import pickle
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from tests.arrays import Array, array, plain
from tests.properties.implementations import Implementation, NotOfferedError
from tests.reference import attention_by_loops

DTYPES = ("float16", "bfloat16", "float32", "float64")

# Pairwise different primes; the values are narrower than the keys, so that the layer, whose
# values are as wide as its keys, can hold them.
BATCH, HEADS, N, M, D, E = 2, 3, 5, 7, 13, 11


@dataclass(frozen=True)
class Cell:
    """An implementation in one library and dtype, its tensors on one device."""

    implementation: Implementation
    library: str
    dtype: str
    device: str = "cpu"

    def array(self, values: Any) -> Array:
        """Return numbers in the dtype of the cell, masks and counts as they are."""
        values = np.asarray(values)
        if self.library == "numpy" and not hasattr(np, self.dtype):  # ml_dtypes may lend it one
            raise TypeError(f"NumPy has no {self.dtype}")
        floats = np.issubdtype(values.dtype, np.floating)
        made = array(self.library, values, self.dtype if floats else str(values.dtype))
        return made if self.library == "numpy" else made.to(self.device)

    def arrays(self, options: dict[str, Any]) -> dict[str, Any]:
        return {k: self.array(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}

    def run(self, *operands: Any, **options: Any) -> Any:
        """Return the output, as float64, for operands and options in NumPy."""
        output = self.implementation.run(*map(self.array, operands), **self.arrays(options))
        assert str(output.dtype).endswith(self.dtype)
        return plain(output)

    def maps(self, *operands: Any, **options: Any) -> tuple[Any, Any]:
        """Return the maps an implementation says it used, and the output of the same call."""
        if self.implementation.maps is None:
            raise NotOfferedError("no maps are returned")
        weights, output = self.implementation.maps(
            *map(self.array, operands), **self.arrays(options)
        )
        return plain(weights), plain(output)

    @property
    def eps(self) -> float:
        return float(torch.finfo(getattr(torch, self.dtype)).eps)


@dataclass
class Case:
    """Operands and options, as float64 numbers that the cell's dtype holds exactly."""

    seed: int
    heads: tuple[int, int]
    chosen: frozenset[str]
    n: int = N
    m: int = M
    numbers: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.numbers = np.random.default_rng(self.seed)

    def draw(self, cell: Cell, *shape: int) -> Any:
        return plain(cell.array(self.numbers.standard_normal(shape)))

    def operands(self, cell: Cell) -> tuple[Any, Any, Any]:
        h, g = self.heads
        return (
            self.draw(cell, BATCH, h, self.n, D),
            self.draw(cell, BATCH, g, self.m, D),
            self.draw(cell, BATCH, g, self.m, E),
        )

    def options(self, cell: Cell) -> dict[str, Any]:
        h, n, m = self.heads[0], self.n, self.m
        mask = self.numbers.random((BATCH, 1, n, m)) < 0.7
        bias = self.draw(cell, h, n, m)
        lengths = self.numbers.integers(0, m + 1, BATCH)
        offset = int(self.numbers.integers(0, m))
        everything = {
            "mask": {"mask": mask},
            "bias": {"bias": bias},
            "key_lengths": {"key_lengths": lengths},
            "causal": {"causal": True, "offset": offset},
            "window": {"window": 3, "offset": offset},
            "scale": {"scale": 0.5},
            "softcap": {"softcap": 2.0},
        }
        return {k: v for name in sorted(self.chosen) for k, v in everything[name].items()}


OPTIONS = ("mask", "bias", "key_lengths", "causal", "window", "scale", "softcap")


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw heads (own, grouped or shared keys), a set of options and a seed for the numbers."""
    heads = draw(st.sampled_from([(HEADS, HEADS), (2 * HEADS, HEADS), (HEADS, 1)]))
    chosen = draw(st.frozensets(st.sampled_from(OPTIONS), max_size=4))
    return Case(draw(st.integers(0, 2**32 - 1)), heads, chosen)


def textbook(
    query: Any, key: Any, value: Any, *, mask: Any = None, bias: Any = None, causal: bool = False,
    offset: int = 0, window: int | None = None, key_lengths: Any = None,
    scale: float | None = None, softcap: float | None = None,
) -> Any:  # fmt: skip
    """Attention as textbooks write it, in torch, every step rounded to the dtype given.

    Its error is the measure of what an implementation in this dtype may err.
    """
    h, g, n, m = query.shape[1], key.shape[1], query.shape[2], key.shape[2]
    key, value = (x.repeat_interleave(h // g, dim=1) for x in (key, value))
    scores = query @ key.mT * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    scores = scores if softcap is None else softcap * torch.tanh(scores / softcap)
    scores = scores if bias is None else scores + bias
    rows, columns = (torch.arange(size, device=query.device) for size in (n, m))
    distance = rows[:, None] + offset - columns
    seen = torch.ones(query.shape[0], 1, n, m, dtype=torch.bool, device=query.device)
    seen = seen if mask is None else seen & mask
    seen = seen & (distance >= 0) if causal else seen
    seen = seen if window is None else seen & (distance.abs() < window)
    if key_lengths is not None:
        seen = seen & (columns < key_lengths[:, None, None, None])
    weights = torch.softmax(scores.masked_fill(~seen, -math.inf), dim=-1)
    return weights.masked_fill(~seen, 0) @ value


_known: dict[bytes, Any] = {}


def exact(*operands: Any, **options: Any) -> Any:
    """Attention by loops, which is slow: once for all cells that ask for the same."""
    asked = pickle.dumps((operands, options))
    if asked not in _known:
        _known[asked] = attention_by_loops(*operands, **options)[0]
        _known[asked].setflags(write=False)
    return _known[asked]


def tolerance(cell: Cell, *operands: Any, **options: Any) -> float:
    """Twice the error of the textbook in the cell's dtype, and at least twice a rounding."""
    asked = pickle.dumps((cell.dtype, operands, options))
    if asked not in _known:
        _known[asked] = _tolerance(cell, *operands, **options)
    return float(_known[asked])


def _tolerance(cell: Cell, *operands: Any, **options: Any) -> float:
    there = Cell(cell.implementation, "torch", cell.dtype)
    rough = textbook(*map(there.array, operands), **there.arrays(options))
    errors = np.abs(plain(rough) - exact(*operands, **options))
    largest = float(errors[np.isfinite(errors)].max(initial=0.0))
    return 2 * max(largest, cell.eps * float(np.abs(operands[2]).max(initial=1.0)))


def assert_close(left: Any, right: Any, tolerance: float) -> None:
    """Check equal shapes, no NaN, and differences within the tolerance."""
    assert left.shape == right.shape
    assert np.isfinite(left).all()
    assert np.isfinite(right).all()
    assert np.abs(left - right).max(initial=0.0) <= tolerance
