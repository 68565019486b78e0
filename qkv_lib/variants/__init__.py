"""Other answers: one file for each variant, reference form beside fast form."""

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
