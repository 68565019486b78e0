"""What section 8.3 reads from its table of published models."""

import re

import nbformat

from tests.holds import holds
from workshop.pages import BOOK


def models() -> dict[str, dict[str, str]]:
    """Return the rows of the table by the name of their model."""
    page = nbformat.read(BOOK / "08-3-longer.ipynb", as_version=4)
    (text,) = (cell.source for cell in page.cells if "| model and heads" in cell.source)
    _, _, *rows = re.findall(r"^\|(.*)\|$", text[text.index("| model and heads") :], re.MULTILINE)
    found = {}
    for row in rows:
        model, keys, positions = map(str.strip, row.split("|"))
        ((name, heads),) = re.findall(r"(.+) \((.+)\) \{cite:p\}", model)
        found[name] = {"heads": heads, "which keys": keys, "positions": positions}
    return found


@holds(
    "The table says which of the ideas of this chapter nine published models use, by their "
    "reports.",
    "None of these models keeps a key and a value for every query head.",
)
def test_every_model_of_the_table_shares_keys_and_values() -> None:
    assert len(models()) == 9
    assert all(re.match("GQA|MLA", row["heads"]) for row in models().values())


@holds(
    "All but Kimi Linear use RoPE, and most stretch it or give it a larger base for longer texts.",
    "Llama 3 uses 500,000 instead of 10,000.",
)
def test_all_but_one_use_rope_and_five_stretch_it() -> None:
    places = {name: row["positions"] for name, row in models().items()}
    assert [name for name, said in places.items() if "RoPE" not in said] == ["Kimi Linear"]
    assert places["Llama 3"] == "RoPE, base 500,000"
    assert sum("YaRN" in said or "base" in said for said in places.values()) == 5


@holds(
    "In seven of the nine, some or all layers do not attend to every earlier key of the text: they "
    "have a window, a state or a choice of keys.",
)
def test_seven_limit_what_a_query_sees_and_five_of_them_mix() -> None:
    sees = {name: row["which keys"] for name, row in models().items()}
    limited = {name for name, said in sees.items() if re.search("window|scorer|state", said)}
    mixed = {name for name in limited if re.search("global|^all in", sees[name])}
    assert len(limited) == 7
    assert len(mixed) == 5
    assert limited - mixed == {"Mistral 7B", "DeepSeek-V3.2"}


def test_who_uses_latents() -> None:
    latent = {name for name, row in models().items() if row["heads"] == "MLA"}
    assert latent == {"DeepSeek-V2", "DeepSeek-V3.2", "Kimi Linear"}
