"""The experiments of the book, one file each: what is trained, how long, what is stored.

May import: formula, exact, attention, multihead, variants, data, layers, models, measures.
"""

__all__ = [
    "block_times", "canvases", "copying", "correcting", "depth", "even", "hidden_months",
    "images", "lengths", "longer", "recall", "repeats", "rivals", "shortcut", "step_times",
    "table", "translation", "writing",
]  # fmt: skip
