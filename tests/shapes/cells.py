"""Cells of notebooks run with their shapes checked; `book/conftest.py` uses it."""

from pathlib import Path

from nbformat import NotebookNode
from nbval.plugin import IPyNbCell

from tests.shapes import checker
from tests.shapes.tasks import tasks_of
from tests.shapes.wrapped import NAME, wrapped

PROGRAM = Path(checker.__file__).read_text(encoding="utf-8")
TELL = f"""
import builtins
names = {{}}
exec({PROGRAM!r}, names)
builtins.{NAME} = names["{NAME}"]
del builtins, names
"""


def check_shapes(item: IPyNbCell) -> None:
    """Let a cell whose comments name shapes run with a check of each, in a kernel that knows it."""
    source = item.cell.source
    if is_python(item.cell):
        source = wrapped(source, item.cell.id, tasks_of(item.parent.nb))
    if source == item.cell.source:
        return
    item.cell = NotebookNode(item.cell | {"source": source})
    run = item.runtest

    def runtest() -> None:
        kernel = item.parent.kernel
        kernel.await_reply(kernel.kc.execute(TELL, silent=True), timeout=60)
        run()

    item.runtest = runtest


def is_python(cell: NotebookNode) -> bool:
    """Tell whether a cell is a program without commands of IPython, and stores no traceback."""
    return not any(line.startswith(("%", "!")) for line in cell.source.splitlines())
