"""Shapes that comments name are asserted as the line runs: `scores = q @ k.mT  # (n, m)`."""
