"""Check the spelling of all that git tracks; run as ``python -m workshop.spelling``."""

import sys

from codespell_lib import main

from workshop.pages import ROOT, tracked

if __name__ == "__main__":
    sys.exit(main(*(str(path.relative_to(ROOT)) for path in tracked(ROOT))))
