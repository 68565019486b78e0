"""Live figures: numbers that a reader can change, and attention that follows.

Each is one piece of HTML that looks after itself in the book, in JupyterLab and in a file on
disk. The arithmetic is that of the library: the tests run both and compare.

May import: every floor, plots, language.
"""

from qkv_lib.explorers._page import Explorer
from qkv_lib.explorers.cost import cost
from qkv_lib.explorers.heads import heads
from qkv_lib.explorers.lookup import lookup
from qkv_lib.explorers.rope import rope
from qkv_lib.explorers.scaling import scaling
from qkv_lib.explorers.sentence import sentence
from qkv_lib.explorers.steps import steps
from qkv_lib.explorers.writer import writer

__all__ = ["Explorer", "cost", "heads", "lookup", "rope", "scaling", "sentence", "steps", "writer"]
