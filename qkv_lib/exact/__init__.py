"""Other ways to the same numbers: blocks and tiles, the fused kernel, the ring, the cache."""

__all__ = ["cache", "fused", "processes", "ring", "tiles"]
