"""What several exercises of this chapter share."""

from __future__ import annotations

OUTPUT_AXES = {"output": ("query", "feature")}
