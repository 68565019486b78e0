"""Write the weights of the GPT of section 6.4 as the script that its live figure loads.

Run as ``python -m workshop.gpt_weights`` after ``make results`` has trained it anew.
"""

from qkv_lib.data.pieces import load_pieces
from qkv_lib.experiments.writing import load_gpt
from qkv_lib.explorers.writer import SOURCE, weights_script
from workshop.pages import BOOK


def main() -> None:
    """Write the script."""
    script = weights_script(load_gpt(), load_pieces())
    (BOOK / SOURCE).write_text(script, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
