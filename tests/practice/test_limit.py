"""Nothing that an answer does leaves `check`, and none keeps it longer than the limit."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from qkv_lib.practice import check, grade, limit
from qkv_lib.practice.exercises import EXERCISES


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(limit, "LIMIT", 0.3)
    monkeypatch.setattr(limit, "WAIT", 4)
    monkeypatch.setattr(limit, "GRACE", 0.3)


def endless(*_):
    while True:
        pass


def stubborn(*_):
    end = time.perf_counter() + 3
    while time.perf_counter() < end:  # long after the limit and the grace
        try:
            time.sleep(0.01)
        except BaseException:
            continue


def slow(query, key, value):
    end = time.thread_time() + 0.05
    while time.thread_time() < end:
        pass
    return EXERCISES["attention"].reference(query, key, value)


def sleepy(query, key, value):
    time.sleep(0.01)
    return EXERCISES["attention"].reference(query, key, value)


@pytest.mark.parametrize("function", [endless, stubborn, slow])
def test_what_takes_too_long_gets_a_verdict(function, capsys):
    verdict = grade("attention", function)
    assert (verdict.status, verdict.mistake) == ("wrong", "too-slow")
    assert "query (" in verdict.text
    print("still heard")
    assert capsys.readouterr().out == "still heard\n"


@pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="no clock of a thread here")
def test_time_in_which_the_machine_does_something_else_does_not_count(monkeypatch):
    monkeypatch.setattr(limit, "WAIT", 1000)
    assert grade("attention", sleepy).status == "right"
    monkeypatch.setattr(limit, "WAIT", 1)
    assert grade("attention", sleepy).mistake == "too-slow"


def leaves(*_):
    raise SystemExit(3)


def own_exit(*_):
    class Exit(BaseException):
        pass

    raise Exit("no words")


def presses_stop(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("function", [leaves, own_exit, presses_stop])
def test_every_exit_is_caught_and_told(function, capsys):
    check("attention", function)
    out, err = capsys.readouterr()
    assert "not yet. Your function raises" in out
    assert err == ""


def test_a_flood_of_prints_is_forgotten(capsys):
    def floods(query, key, value):
        print("x" * 10**6)
        return EXERCISES["attention"].reference(query, key, value)

    check("attention", floods)
    assert capsys.readouterr().out == "attention: right.\n"


def test_without_threads_an_answer_is_graded_all_the_same(monkeypatch):
    def none_left(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none_left)
    assert grade("attention", EXERCISES["attention"].reference).status == "right"
    assert grade("attention", leaves).mistake == "raises"


def test_only_the_time_of_the_answer_counts():
    clock = limit.Clock()
    assert limit.within(clock, lambda: (time.sleep(0.5), "done")[1]) == "done"
    assert clock.spent() == 0


def test_a_fault_of_the_machinery_is_raised_not_blamed_on_the_learner(monkeypatch):
    def broken(*_):
        raise np.linalg.LinAlgError("no torch here")

    fresh = replace(EXERCISES["attention"])  # of which nothing is worked out yet
    monkeypatch.setitem(EXERCISES, "attention", fresh)
    monkeypatch.setattr("qkv_lib.practice.run.unpack", broken)
    with pytest.raises(np.linalg.LinAlgError):
        grade("attention", EXERCISES["attention"].reference)
