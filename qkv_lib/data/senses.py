"""Words with two meanings, four sentences each, written for this book."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["SENSES", "Use", "sense_sentences"]

SENSES: dict[str, dict[str, tuple[str, ...]]] = {
    "bank": {
        "money": (
            "The bank raised its interest rates again.",
            "She opened a savings account at the bank.",
            "A loan from the bank paid for the house.",
            "He robbed the bank and took all the cash.",
        ),
        "river": (
            "We had a picnic on the bank of the river.",
            "The boat drifted towards the muddy bank.",
            "Reeds grow along the bank of the stream.",
            "An otter climbed the bank and shook off the water.",
        ),
    },
    "bat": {
        "animal": (
            "The bat hung upside down in the cave.",
            "At dusk a bat flew out of the attic.",
            "A bat finds insects by listening for echoes.",
            "The wings of the bat were thin as paper.",
        ),
        "sport": (
            "He swung the bat and missed the ball.",
            "The batter dropped the bat and ran to first base.",
            "She bought a wooden bat for the baseball season.",
            "The pitcher broke his opponent's bat.",
        ),
    },
    "spring": {
        "season": (
            "The trees blossom every spring.",
            "Last spring was warm and dry.",
            "Farmers sow wheat in the spring before summer comes.",
            "Birds return from the south in spring.",
        ),
        "coil": (
            "The spring in the mattress is broken.",
            "Compress the spring and let it go.",
            "A steel spring closes the valve.",
            "The clock is driven by a coiled spring.",
        ),
    },
    "match": {
        "game": (
            "Our team won the match by two goals.",
            "The tennis match lasted four hours.",
            "Rain stopped the cricket match after lunch.",
            "The referee ended the match early.",
        ),
        "fire": (
            "She struck a match to light the candle.",
            "The match burned his fingers.",
            "A damp match will not catch fire.",
            "He lit the stove with the last match in the box.",
        ),
    },
    "crane": {
        "bird": (
            "A grey crane stood in the marsh on one leg.",
            "The crane built its nest among the reeds.",
            "We saw a crane flying south with the geese.",
            "The crane spread its feathers and danced.",
        ),
        "machine": (
            "The crane lifted the steel beams onto the roof.",
            "A tower crane stands beside the building site.",
            "The operator of the crane lowered the container.",
            "They hired a crane to unload the ship.",
        ),
    },
    "seal": {
        "animal": (
            "The seal dived under the ice to catch fish.",
            "A young seal lay on the rocks by the sea.",
            "The seal balanced a ball at the zoo.",
            "Polar bears hunt the seal in winter.",
        ),
        "closure": (
            "The seal on the envelope was broken.",
            "A rubber seal keeps the jar airtight.",
            "The king pressed his seal into the wax.",
            "Replace the seal if the pipe leaks.",
        ),
    },
}
"""The sentences of each sense of each word.

:meta hide-value:
"""


class Use(NamedTuple):
    """One sentence, the word it uses, and the sense it uses it in.

    Attributes
    ----------
    word : str
        The word with two meanings.
    sense : str
        The meaning it has here.
    sentence : str
        The sentence that holds the word.
    """

    word: str
    sense: str
    sentence: str


def sense_sentences() -> list[Use]:
    """Return all the sentences, each with its word and its sense.

    Returns
    -------
    list of Use

    Examples
    --------
    >>> uses = sense_sentences()
    >>> len(uses), all(use.word in use.sentence.lower() for use in uses)
    (48, True)
    """
    return [
        Use(word, sense, sentence)
        for word, senses in SENSES.items()
        for sense, sentences in senses.items()
        for sentence in sentences
    ]
