"""The sentence of chapters 2 to 4 with its numbers: who was thirsty, asked by *it*."""

from qkv_lib import attention_steps
from qkv_lib.data import sentence

WORDS = sentence.THIRSTY
X = sentence.rows(WORDS)
IT, CAT, MILK, DRY = (WORDS.index(word) for word in ("it", "cat", "milk", "thirsty"))
HEAD = sentence.GUESS
Q, K, V = X[[IT]] @ HEAD.W_Q, X @ HEAD.W_K, X @ HEAD.W_V
STEPS = attention_steps(Q, K, V)
