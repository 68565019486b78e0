"""What section 8.3 reads from its table of published models."""

import re

import nbformat

from tests.holds import holds
from workshop.pages import BOOK


def models() -> dict[str, dict[str, str]]:
    """Return the rows of the table by the name of their model."""
    page = nbformat.read(BOOK / "08-3-longer.ipynb", as_version=4)
    (text,) = (cell.source for cell in page.cells if "| model | heads" in cell.source)
    head, _, *rows = re.findall(r"^\|(.*)\|$", text[text.index("| model | heads") :], re.MULTILINE)
    names = [name.strip() for name in head.split("|")]
    found = [dict(zip(names, map(str.strip, row.split("|")), strict=True)) for row in rows]
    return {row["model"]: row for row in found}


@holds(
    "The table repeats what the reports of nine models say.",
    "None of these models keeps a key and a value for every query head.",
)
def test_every_model_of_the_table_shares_keys_and_values() -> None:
    assert len(models()) == 9
    assert all(re.match("GQA|MLA", row["heads and cache"]) for row in models().values())


@holds(
    "All but Kimi Linear use RoPE, and at least four stretch it or give it a larger base for "
    "longer texts.",
    "Llama 3 uses 500,000 instead of 10,000.",
)
def test_all_but_one_use_rope_and_four_stretch_it() -> None:
    places = {name: row["positions"] for name, row in models().items()}
    assert [name for name, said in places.items() if "RoPE" not in said] == ["Kimi Linear"]
    assert places["Llama 3"] == "RoPE, base 500,000"
    assert sum("YaRN" in said or "base" in said for said in places.values()) == 4


@holds(
    "Seven of the nine limit what a query sees, by a window, a state or a choice of keys.",
    "Five of these seven also have layers that see everything.",
)
def test_seven_limit_what_a_query_sees_and_five_of_them_mix() -> None:
    sees = {name: row["which keys"] for name, row in models().items()}
    limited = {name for name, said in sees.items() if re.search("window|scorer|state", said)}
    mixed = {name for name in limited if re.search("global|^all in", sees[name])}
    assert len(limited) == 7
    assert len(mixed) == 5
    assert limited - mixed == {"Mistral 7B", "DeepSeek-V3.2"}


@holds(
    "Gemma 3 has five local layers with a window of 1,024 for each global one.",
    "gpt-oss alternates local and global layers one to one, with a window of 128.",
    "DeepSeek-V3.2 chooses single keys by a small scorer",
)
def test_what_section_8_2_says_of_three_models_stands_in_the_table() -> None:
    sees = {name: row["which keys"] for name, row in models().items()}
    assert sees["Gemma 3"] == "5 local : 1 global, window 1,024"
    assert sees["gpt-oss"] == "1 local : 1 global, window 128"
    assert sees["DeepSeek-V3.2"] == "2,048, chosen by a small scorer"


def test_who_uses_latents() -> None:
    latent = {name for name, row in models().items() if row["heads and cache"] == "MLA"}
    assert latent == {"DeepSeek-V2", "DeepSeek-V3.2", "Kimi Linear"}
