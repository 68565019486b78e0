"""The experiments of the book, one file each: what is trained, how long, what is stored."""

__all__ = [
    "block_times", "canvases", "copying", "correcting", "decoding", "depth", "even",
    "hidden_months", "images", "lengths", "longer", "recall", "repeats", "rivals", "shortcut",
    "table", "translation", "writing",
]  # fmt: skip
