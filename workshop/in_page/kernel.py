"""Run the cells of a page, as a notebook does: in one namespace, with what they show.

In a page this module runs in Pyodide, on the process that the page has started for it. While the
book is built it runs in Python as it is, with torch out of reach, to find the cells that a page can
run (`workshop.in_page.marks`). It uses NumPy and, for figures, our library.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import linecache
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

#: What a page cannot hold, and what it holds only where a figure is drawn.
ABSENT = ("torch", "scipy", "sklearn", "mlxtend", "tokenizers", "safetensors", "transformers",
          "einops", "keras", "onnx", "IPython", "matplotlib_inline", "tqdm", "babel",
          "threadpoolctl")  # fmt: skip
LATER = "matplotlib"
SHOWN = "<cell {}>"  # how a cell is called in a traceback
LONGEST = 200_000  # characters that one stream may show
PRINTED: Any = {k: v for k, v in np.get_printoptions().items() if k != "override_repr"}
ERRORS: Any = np.geterr()

Output = dict[str, Any]


class NotHereError(ModuleNotFoundError):
    """A cell uses a package that is not in the page."""


class Placeholder:
    """Stands for what could not be imported, and says so as soon as it is used."""

    def __init__(self, package: str) -> None:
        self.__dict__["_package"] = package

    def _say(self, *_: object, **__: object) -> Any:
        package = self.__dict__["_package"]
        raise NotHereError(f"{package} is not in this page", name=package)

    __getattr__ = __call__ = __mro_entries__ = __enter__ = __iter__ = __getitem__ = _say


class Stream(io.TextIOBase):
    """Takes what is printed, and hands it on at the end of a line or of a cell."""

    def __init__(self, name: str, tell: Callable[[str, str], None]) -> None:
        self.name, self.tell = name, tell
        self.parts: list[str] = []
        self.length = 0

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, text: str) -> int:
        """Keep the text, up to a limit, and hand it on."""
        if self.length < LONGEST:
            kept = text if self.length + len(text) < LONGEST else "\n… (no more is shown)\n"
            self.length += len(text)
            self.parts.append(kept)
            self.tell(self.name, kept)
        return len(text)


class Session:
    """The cells of one page, run one after the other.

    Parameters
    ----------
    tell : callable
        Is called with ``("stdout", text)`` while a cell prints.
    """

    def __init__(self, tell: Callable[[str, str], None] = lambda *_: None) -> None:
        self.tell = tell
        self.names: dict[str, Any] = {}
        self.verdicts: list[dict[str, Any]] = []
        self.fresh()

    def fresh(self) -> None:
        """Forget all names, and what cells have set."""
        self.names.clear()
        self.names["__name__"] = "__main__"
        self.names["__builtins__"] = __builtins__
        warnings.resetwarnings()
        warnings.simplefilter("default")
        np.set_printoptions(**PRINTED)
        np.seterr(**ERRORS)

    def run(self, source: str, name: str, *, show: bool = True) -> Output:
        """Run a cell and return what it shows, what it lacks, and the verdicts that it asked for.

        Parameters
        ----------
        source : str
        name : str
            Of the cell, for tracebacks.
        show : bool
            Whether values and figures are to be shown.

        Returns
        -------
        dict
            ``outputs``, in the order in which a notebook shows them; ``missing``, the package
            without which it could not run; ``verdicts``.
        """
        self.verdicts.clear()
        outputs: list[Output] = []
        missing = ""
        file = SHOWN.format(name)
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        streams = Stream("stdout", self.tell), Stream("stderr", self.tell)
        value = None
        with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
            try:
                value = self._execute(source, file)
            except ModuleNotFoundError as error:
                missing = str(error.name or "").partition(".")[0]
                outputs.append({"kind": "error", "text": told(error)})
            except BaseException as error:  # exit() and the like end a cell, not the page
                outputs.append({"kind": "error", "text": told(error)})
            shown: list[Output] = []
            try:
                shown = self._shown(value) if show and not outputs else []
                shown += self._figures(draw=show and not outputs)
            except BaseException as error:  # what the reader's object shows itself by may fail
                outputs.append({"kind": "error", "text": told(error)})
        printed = [
            {"kind": "stream", "name": each.name, "text": "".join(each.parts)}
            for each in streams
            if each.parts
        ]
        if value is not None and not outputs:
            self.names["_"] = value
        return {
            "outputs": printed + shown + outputs,
            "missing": missing,
            "verdicts": list(self.verdicts),
        }

    def run_json(self, source: str, name: str, show: bool) -> str:
        """Run a cell for a page: what `run` returns as JSON, each picture ready for the page."""
        result = self.run(source, name, show=show)
        for each in result["outputs"]:
            if each["kind"] == "svg" and "qkv-picture" in each["text"]:
                from qkv_lib.plots.vector import inlined

                each["page"] = inlined(each["text"], "@alt@", f"run-{name}")
        return json.dumps(result)

    def imports(self, source: str) -> None:
        """Run only the imports of a cell that a page cannot run, and how it has NumPy print.

        Cells below may count on both.
        """
        with contextlib.suppress(SyntaxError):
            for node in ast.parse(source).body:
                with contextlib.suppress(Exception):
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        self._import(node, "<imports>")
                    elif ast.unparse(node).startswith("np.set_printoptions("):
                        exec(ast.unparse(node), self.names)

    def _execute(self, source: str, file: str) -> Any:
        """Run the statements of a cell; return the value of the last one, where it has one."""
        tree = ast.parse(source, file)
        last = tree.body[-1] if tree.body else None
        if isinstance(last, ast.Expr):
            tree.body.pop()
        pending: list[ast.stmt] = []

        def flush() -> None:
            if pending:
                exec(compile(ast.Module(list(pending), []), file, "exec"), self.names)
                pending.clear()

        for node in tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                flush()
                self._import(node, file)
            else:
                pending.append(node)
        flush()
        if isinstance(last, ast.Expr):
            return eval(compile(ast.Expression(last.value), file, "eval"), self.names)
        return None

    def _import(self, node: ast.Import | ast.ImportFrom, file: str) -> None:
        """Run an import; what is not in the page gets a placeholder, name by name."""
        for alias in node.names:
            one = type(node)(**{**dict(ast.iter_fields(node)), "names": [alias]})
            module = ast.Module([ast.copy_location(one, node)], [])
            try:
                exec(compile(ast.fix_missing_locations(module), file, "exec"), self.names)
            except ModuleNotFoundError as error:
                package = str(error.name or "").partition(".")[0]
                if package not in (*ABSENT, LATER):
                    raise
                bound = alias.asname or alias.name.partition(".")[0]
                self.names[bound] = Placeholder(package)

    def _shown(self, value: Any) -> list[Output]:
        """Return how the value of a cell is shown."""
        if value is None:
            return []
        for method, kind in (("_repr_html_", "html"), ("_repr_svg_", "svg")):
            found = getattr(type(value), method, None)
            if found is not None:
                text = found(value)
                return [{"kind": kind, "text": text, "plain": repr(value)}]
        return [{"kind": "text", "text": repr(value)}]

    def _figures(self, *, draw: bool) -> Iterator[Output]:
        """Show the figures that are open, and close them."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return
        for number in pyplot.get_fignums():
            if draw:
                from qkv_lib.plots.saved import as_svg

                yield {"kind": "svg", "text": as_svg(pyplot.figure(number))}
        pyplot.close("all")

    def note_verdicts(self) -> None:
        """Keep each verdict of `check`, for the page to show its stages and to set its tick."""
        from qkv_lib.practice import grading

        grade = grading.grade

        def noted(name: str, yours: Any) -> Any:
            verdict = grade(name, yours)
            stages = verdict.stages
            self.verdicts.append(
                {
                    "name": name,
                    "status": verdict.status,
                    "mistake": verdict.mistake,
                    "stages": [stages.mistake, stages.look, stages.solution] if stages else [],
                }
            )
            return verdict

        grading.grade = noted


def told(error: BaseException) -> str:
    """Return a traceback that begins with the reader's own lines."""
    if isinstance(error, SystemExit):
        return f"SystemExit: {error.code!r}. The cell has ended here; the page goes on."
    frames = traceback.extract_tb(error.__traceback__)
    first = next((i for i, frame in enumerate(frames) if frame.filename.startswith("<cell ")), None)
    own = frames[first:] if first is not None else []
    lines = traceback.format_list(own)
    head = ["Traceback (most recent call last):\n"] if lines else []
    return "".join([*head, *lines, *traceback.format_exception_only(error)]).rstrip()


def forget_library() -> None:
    """Have the library imported anew: now there is matplotlib, which it did without."""
    for name in [each for each in sys.modules if each.partition(".")[0] == "qkv_lib"]:
        del sys.modules[name]
