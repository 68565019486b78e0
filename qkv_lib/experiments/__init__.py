"""The experiments of the book, one file each: what is trained, how long, what is stored."""

__all__ = ["canvases", "images", "recall", "rivals", "shortcut"]
