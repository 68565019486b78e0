"""Positions: sinusoidal vectors, rotations (RoPE) and linear biases (ALiBi).

NumPy arrays and torch tensors alike. Angles are computed in float64 and only then rounded to
the dtype asked for: in float32 an angle at position 100,000 is off by thousandths of a radian.
"""

from qkv_lib.formula.positions.alibi import alibi_bias, alibi_slopes
from qkv_lib.formula.positions.rope import rope
from qkv_lib.formula.positions.sinusoidal import sinusoidal

__all__ = ["alibi_bias", "alibi_slopes", "rope", "sinusoidal"]
