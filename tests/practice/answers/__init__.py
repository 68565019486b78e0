"""Answers by exercise, each in the file that has the name of its exercise's."""

from importlib import import_module
from pathlib import Path

from qkv_lib.practice import exercises
from tests.practice.answers.source import Answers

THERE, HERE = Path(exercises.__path__[0]), Path(__file__).parent


def modules(folder: Path) -> list[str]:
    """Return the modules of exercises, without their package: chapter_8.exercise_8_2_…"""
    return sorted(f"{file.parent.name}.{file.stem}" for file in folder.glob("*/exercise_*.py"))


ANSWERS: dict[str, Answers] = {
    import_module(f"{exercises.__name__}.{module}").EXERCISE.name: import_module(
        f"{__name__}.{module}"
    ).ANSWERS
    for module in modules(THERE)
}
