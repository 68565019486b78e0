"""Other answers: one file for each variant, reference form beside fast form."""

__all__ = ["convolution", "linear"]
