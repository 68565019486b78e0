"""Other answers: one file for each variant, reference form beside fast form.

May import: formula, exact, attention, multihead.
"""

__all__ = [
    "convolution",
    "delta",
    "differential",
    "flex",
    "gated",
    "int8",
    "latent",
    "linear",
    "rotary",
    "sinks",
    "sparse",
]
