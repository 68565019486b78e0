"""Each sentence of pages, quizzes, glossary, figures and exercises is held, or says what it is."""

from collections import Counter

from tests.book.told import KINDS, fault, record, told

AT_MOST = {
    "meaning": 119, "symptom": 45, "choice": 124, "picture": 166, "prose": 1833, "comment": 275,
    "docstring": 2338, "document": 700, "verdict": 4846,
}  # fmt: skip
"""How many sentences of each kind nothing holds. The numbers can only become smaller."""


def test_what_is_told_is_held_or_has_been_read() -> None:
    found = list(filter(None, map(fault, told())))
    assert not found, "\n".join(found)


def test_the_record_names_what_is_there() -> None:
    places = [one.place for one in told()]
    assert len(places) == len(set(places))
    assert sorted(record().keys() - set(places)) == [], "take these lines out of told.toml"
    assert {line.split()[0] for line in record().values()} == set(KINDS)


def test_what_nothing_holds_becomes_less() -> None:
    left = Counter({kind: sum(one.unheld() for one in told() if one.kind == kind)
                    for kind in AT_MOST})  # fmt: skip
    more = [f"{kind}: {left[kind]}, at most {most}" for kind, most in AT_MOST.items()
            if left[kind] > most]  # fmt: skip
    assert not more, "hold what is new by an assert (CONTRIBUTING.md), or say it in fewer sentences"
    assert sum(len(one.sentences()) for one in told()) > 1300


def test_a_changed_sentence_is_told() -> None:
    one = next(one for one in told() if one.kind == "meaning" and one.open())
    assert fault(one) == ""
    assert "nothing holds" in fault(one._replace(text=one.text.replace(".", ", not.")))
    held = next(one for one in told() if one.sentences() and not one.open())
    assert fault(held) == ""
    assert "nothing holds" in fault(held._replace(text=f"Never. {held.text}"))
