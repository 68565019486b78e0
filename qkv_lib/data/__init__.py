"""Real data that installed packages ship: nothing is downloaded."""

from qkv_lib.data.clutter import Canvases, cluttered
from qkv_lib.data.digits import Digits, DigitSplit, load_digits, shifted

__all__ = ["Canvases", "DigitSplit", "Digits", "cluttered", "load_digits", "shifted"]
