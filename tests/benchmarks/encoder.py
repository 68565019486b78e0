"""The pretrained encoder against `transformers`, as a ratio in one run.

Run as ``python -m tests.benchmarks.encoder [ROUNDS]``. Both take turns, so that a slow minute of
the machine falls on both, and the ratio of the median round counts.
"""

import sys

import torch
import transformers

from qkv_lib.data.docstrings import load_docstrings
from qkv_lib.data.pretrained import pretrained_file
from qkv_lib.models.encoder import WordPieces, load_encoder
from tests.benchmarks.speed import ratio, timed

AT_MOST = 1.2


def main(rounds: int) -> None:
    """Print the ratio for one text and for batches."""
    folder = pretrained_file("model.safetensors").parent
    theirs = transformers.BertModel.from_pretrained(folder, local_files_only=True).eval()
    ours, tokenise = load_encoder(), WordPieces()
    texts = [entry.text for entry in load_docstrings()]
    with torch.inference_mode():
        for size in (1, 8, 32):
            ids, lengths = tokenise(texts[:size])
            mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
            times = timed(
                {
                    "ours": lambda: ours(ids, lengths),  # noqa: B023
                    "theirs": lambda: theirs(ids, attention_mask=mask),  # noqa: B023
                },
                rounds,
            )
            slower = ratio(times["ours"], times["theirs"])
            verdict = "reached" if slower <= AT_MOST else "NOT reached"
            print(f"{size:3} texts of {ids.shape[1]:3} tokens: {slower:.2f} × ({verdict})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
