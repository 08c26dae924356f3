"""``python -m freehold``: the command line."""

import sys

from freehold.cli import main

if __name__ == "__main__":
    sys.exit(main())
