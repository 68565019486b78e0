"""Other ways to the same numbers: tiles, there and back, the fused kernel, the ring, the caches.

May import: formula.
"""

__all__ = ["backward", "cache", "fused", "paged", "processes", "ring", "tiles"]
