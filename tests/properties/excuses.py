"""Cells that cannot pass, by name and with a reason.

Each is run all the same and must fail with the error named; one that passes is no longer needed
and fails the tests.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.properties.implementations import NotOfferedError


@dataclass(frozen=True)
class Excuse:
    """A pattern of cells, the error they end in, and why."""

    property: str
    implementation: str
    library: str
    dtype: str
    error: type[Exception]
    reason: str

    def covers(self, cell: tuple[str, str, str, str]) -> bool:
        patterns = (self.property, self.implementation, self.library, self.dtype)
        return all(fnmatchcase(name, pattern) for name, pattern in zip(cell, patterns, strict=True))


NOISE = "finite differences drown in rounding below float64"
NUMPY_HAS_NO_BFLOAT16 = "NumPy has no bfloat16"
DROPPED = "dropout redraws the weights: they sum to no 1 and are no function of the operands"

VARIANTS = ("flex.*", "latent.*", "sinks.*", "gated.*", "differential.*")

EXCUSES = [
    Excuse("*", "*", "numpy", "bfloat16", TypeError, NUMPY_HAS_NO_BFLOAT16),
    Excuse("*", "loops", "torch", "*", NotOfferedError, "the loops read NumPy arrays"),
    *(
        Excuse("*", "MultiHeadAttention.*", "numpy", dtype, NotOfferedError, "a torch module")
        for dtype in ("float16", "float32", "float64")
    ),
    *(
        Excuse("*", "fused.*", "numpy", dtype, NotOfferedError, "PyTorch's kernel")
        for dtype in ("float16", "float32", "float64")
    ),
    Excuse("maps_returned_*", "fused.*", "torch", "*", NotOfferedError, "returns no maps"),
    *(
        Excuse("gradients_*", name, "torch", "*", NotOfferedError, "gradients do not flow")
        for name in ("cache.*", "paged.*")
    ),
    *(
        Excuse("smallest_*", name, library, dtype, ValueError, "a cache without tokens")
        for name in ("cache.*", "paged.*")
        for library, dtype in [("numpy", "float*"), ("torch", "*")]
    ),
    Excuse("maps_returned_*", "attention, auto*", "torch", "*", NotOfferedError, "returns no maps"),
    *(
        Excuse("maps_returned_*", name, library, dtype, NotOfferedError, "returns no maps")
        for name in ("attention", "tiles.*", "cache.*", "paged.*", *VARIANTS)
        for library, dtype in [("numpy", "float*"), ("torch", "*")]
    ),
    *(
        Excuse("gradients_*", name, "numpy", dtype, NotOfferedError, NOISE)
        for name in ("loops", "attention*", "tiles.*", "cache.*", "paged.*", *VARIANTS)
        for dtype in ("float16", "float32")
    ),
    *(
        Excuse(name, "MultiHeadAttention.train", "torch", "*", AssertionError, DROPPED)
        for name in (
            "rows_of_weights_*", "keys_and_values_*", "queries_permuted_*", "appended_padding_*",
            "one_query_*", "decoding_*", "equals_the_loops", "gradients_*",
            "extreme_scores_*", "output_lies_*", "smallest_sizes_*",
        )
    ),
]  # fmt: skip


def excuse_for(cell: tuple[str, str, str, str]) -> Excuse | None:
    """Return the excuse that covers this cell, if any."""
    return next((excuse for excuse in EXCUSES if excuse.covers(cell)), None)
