"""Data that is made here, or that installed packages ship: nothing is downloaded.

May import: formula, exact, attention, multihead, variants.
"""

from qkv_lib.data.clutter import Canvases, cluttered
from qkv_lib.data.digits import Digits, DigitSplit, load_digits, shifted

__all__ = ["Canvases", "DigitSplit", "Digits", "cluttered", "load_digits", "shifted"]
