"""The experiments of the book, one file each: what is trained, how long, what is stored."""

__all__ = [
    "block_times", "canvases", "copying", "decoding", "depth", "even", "images", "lengths",
    "recall", "rivals", "shortcut", "table", "translation",
]  # fmt: skip
