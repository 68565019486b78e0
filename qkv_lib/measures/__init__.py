"""What a map says, and what attention costs: numbers about attention, not attention itself.

May import: formula, exact, attention, multihead, variants, data, layers, models.
"""

__all__ = [
    "alignments", "cost", "digits_of_years", "explain", "heads", "induction", "maps", "pointing",
    "relations", "retrieval", "traffic",
]  # fmt: skip
