"""The formula on arrays, for NumPy and torch, each line of it once, and the checks at its door.

May import: nothing else here.
"""

__all__ = ["gradients", "heads", "masks", "positions", "rules", "scoring", "steps"]
