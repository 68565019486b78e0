"""Install, build, test and open the course: ``python make.py book`` does what ``make book`` does.

This file finds a Python that is new enough, in words that every Python can read; what each
command does stands in `workshop/commands.py`.
"""

import os
import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 13)
ANSWERS = "import sys, venv, ensurepip; sys.exit(not {} <= sys.version_info[:2] <= {})"


def main():
    """Run the command here, or with another Python of this machine, or say which is needed."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        sys.path[:] = [os.path.dirname(os.path.abspath(__file__))] + sys.path[1:]
        from workshop.commands import main as run

        return run(sys.argv[1:])
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        other = "python3.{}".format(minor)
        if answers(other):
            return subprocess.call([other, os.path.abspath(__file__)] + sys.argv[1:])
    sys.stderr.write(
        "Python 3.11, 3.12 or 3.13 is needed, and none is on the PATH; this is {}.{}. "
        "Name one: make book PYTHON=/path/to/python3.11\n".format(*sys.version_info)
    )
    return 1


def answers(python):
    """Tell whether a command runs a Python that is new enough."""
    check = ANSWERS.format(OLDEST, NEWEST)
    try:
        with open(os.devnull, "wb") as nowhere:
            return subprocess.call([python, "-c", check], stdout=nowhere, stderr=nowhere) == 0
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
