"""What a map says, and what attention costs: numbers about attention, not attention itself."""

__all__ = [
    "alignments", "cost", "digits_of_years", "explain", "heads", "maps", "pointing", "relations",
    "retrieval", "traffic",
]  # fmt: skip
