"""Tables of results that take too long for a page: train what is missing, store, check."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

__all__ = ["Table", "stored_table"]

LIBRARY = Path(__file__).parents[1]
Run = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """The results of an experiment: one run for each case, as stored with the library.

    A run is kept as long as the code that made it is the same, so that filling a table goes on
    where it was stopped, and a new case costs one run. Of the experiment's own file, the code is
    what ``run`` uses; which cases there are may change freely. What lies below the modules of
    ``code`` is watched by ``check``: a few numbers, computed in seconds, that change with it.

    Parameters
    ----------
    name : str
        Of the stored file, ``qkv_lib/experiments/results/{name}.json``.
    cases : callable
        ``cases(runs)`` returns every case, a dict of the arguments of ``run``. A later case may
        depend on the runs of earlier ones: they are in the list when it is asked for.
    run : callable
        ``run(**case)`` trains, measures and returns a dict of what is to be stored.
    check : callable
        Returns numbers, or lists of them, by name.
    code : sequence of str
        Modules on whose code the runs depend, as ``"models/training"``; with ``":name"``, only what
        that name uses in its module.
    facts : dict, optional
        What a reader of the table needs beside the runs, as the lengths that were tested.
    folder : path, optional
        Where the file lies.

    Examples
    --------
    >>> from qkv_lib.experiments import copying
    >>> copying.TABLE.runs[0]["kind"]
    'one vector'
    """

    name: str
    cases: Callable[[list[Run]], Iterable[Run]]
    run: Callable[..., Run]
    check: Callable[[], Run]
    code: Sequence[str]
    facts: Run = field(default_factory=dict)
    folder: Path = field(default_factory=lambda: LIBRARY / "experiments" / "results")

    @property
    def stored(self) -> Run:
        """All that is stored, the runs under ``"runs"``."""
        path = self.folder / f"{self.name}.json"
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}

    @property
    def runs(self) -> list[Run]:
        """Runs that are stored, each a case and its results in one dict."""
        return list(self.stored.get("runs", []))

    def code_now(self) -> str:
        """Return a hash of what the code does that the runs depend on."""
        own = self.run.__module__.removeprefix("qkv_lib.").replace(".", "/")
        return hash_of([f"{own}:{self.run.__name__}", *self.code])

    def kept(self) -> Run:
        """Return the stored table, with no runs if other code made them."""
        stored = self.stored
        if stored.get("code") == self.code_now():
            return stored
        return {"code": self.code_now(), **self.facts, "check_values": self.check(), "runs": []}

    def fill(self) -> None:
        """Run each case that has no run yet, and store the table after each."""
        table = self.kept()
        runs = table["runs"]
        for case in tqdm(self.cases(runs), desc=self.name, unit="run"):
            if not any(case.items() <= done.items() for done in runs):
                runs.append(case | self.run(**case))
                self.write(table)

    def write(self, table: Run) -> None:
        """Store a table, one run a line, with a digest of all of it."""
        about = signed(table).items()
        lines = [f' "{key}": {text(value)}' for key, value in about if key != "runs"]
        runs = ",\n  ".join(map(text, table["runs"]))
        content = ",\n".join([*lines, f' "runs": [\n  {runs}\n ]'])
        path = self.folder / f"{self.name}.json"
        path.write_text(f"{{\n{content}\n}}\n", encoding="utf-8")


def stored_table(name: str) -> Run:
    """Return what was measured once, on one machine: times, and the rest of chapter 8.

    Parameters
    ----------
    name : {"speed", "tools"}
        The name of its file, in ``qkv_lib/experiments/measured``.

    Returns
    -------
    dict

    Raises
    ------
    FileNotFoundError
        Nothing of that name is stored.

    Examples
    --------
    >>> sorted(stored_table("speed"))
    ['digest', 'rows', 'setting']
    """
    path = LIBRARY / "experiments" / "measured" / f"{name}.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def signed(table: Run) -> Run:
    """Return a table with the digest of what it holds: a number changed by hand shows."""
    held = {key: value for key, value in table.items() if key != "digest"}
    digest = hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()[:16]
    return held | {"digest": digest}


def text(value: object) -> str:
    """Return a value as JSON, with the letters that it has."""
    return json.dumps(value, ensure_ascii=False)


def hash_of(code: Iterable[str]) -> str:
    """Return a hash of what modules of the library do, the same under every version of Python.

    Comments, docstrings, imports, the words of errors and that a result is kept do not count: what
    is imported is listed or watched itself.
    """
    digest = hashlib.sha256()
    for entry in code:
        module, _, start = entry.partition(":")
        tree = ast.parse((LIBRARY / f"{module}.py").read_text(encoding="utf-8"))
        tree = without_docstrings(tree)
        if start:
            tree.body = used_by(start, tree)
        digest.update(canonical(tree).encode())
    return digest.hexdigest()[:16]


def used_by(start: str, tree: ast.Module) -> list[ast.stmt]:
    """Return the statements of a module that define a name and what it uses, and what that uses."""
    defined = {name: each for each in tree.body for name in names_of(each)}
    found, open_ = set[str](), [start]
    while open_:
        name = open_.pop()
        if name in defined and name not in found:
            found.add(name)
            open_ += [each.id for each in ast.walk(defined[name]) if isinstance(each, ast.Name)]
    return [each for each in tree.body if found & set(names_of(each))]


def names_of(statement: ast.stmt) -> list[str]:
    """Return the names that a statement of a module defines."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return [n.id for each in targets for n in ast.walk(each) if isinstance(n, ast.Name)]
    return []


def canonical(node: object) -> str:
    """Return a syntax tree as text, without empty fields, the words of errors and `@cache`.

    An empty field may be new in some version of Python.
    """
    if isinstance(node, list):
        return "[" + ",".join(canonical(each) for each in node if not is_import(each)) + "]"
    if isinstance(node, ast.FunctionDef):
        node.decorator_list = [each for each in node.decorator_list if not keeps_results(each)]
    if not isinstance(node, ast.AST):
        return repr(node)
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        node = ast.Raise(node.exc.func)
    fields = ((name, value) for name, value in ast.iter_fields(node) if value not in (None, []))
    return f"{type(node).__name__}({','.join(f'{n}={canonical(v)}' for n, v in fields)})"


def is_import(node: object) -> bool:
    """Tell whether a statement imports."""
    return isinstance(node, ast.Import | ast.ImportFrom)


def keeps_results(decorator: ast.expr) -> bool:
    """Tell whether a decorator is `cache`: the function returns what it would return anew."""
    return isinstance(decorator, ast.Name) and decorator.id == "cache"


def without_docstrings(tree: ast.Module) -> ast.Module:
    """Return the tree with every docstring emptied, and without those of constants."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            if ast.get_docstring(node):
                node.body[0] = ast.Pass()
            node.body = [each for each in node.body if not is_text(each)]
    return tree


def is_text(statement: ast.stmt) -> bool:
    """Tell whether a statement is a text alone, as that below a constant which says what it is."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
