"""Threads: a fork in the middle of another thread's work leaves the child free to work."""

import os
import subprocess
import sys

import pytest

CODE = """
import os, signal, threading
import numpy as np
from qkv_lib import attention
from qkv_lib.exact._threads import in_threads
from qkv_lib.exact.tiles import blocked_attention

x = np.random.default_rng(0).standard_normal((2, 3, 32, 8))
wanted = attention(x, x, x)
inside, done = threading.Event(), threading.Event()

def hold(_):
    inside.set()
    done.wait()

busy = threading.Thread(target=in_threads, args=(hold, [0]))
busy.start()
inside.wait()                      # from here on that thread holds what only one may hold
child = os.fork()
if child == 0:
    signal.alarm(60)               # a child that hangs ends by this
    same = np.allclose(blocked_attention(x, x, x, block=5), wanted)
    os._exit(0 if same else 1)
_, status = os.waitpid(child, 0)
done.set()
busy.join()
print(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_child_forked_while_another_thread_attends_can_attend() -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CODE], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "0"
