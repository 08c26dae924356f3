"""``python -m freehold.reference FOLDER``: write the reference pages into a folder."""

import sys
from pathlib import Path

from freehold.reference.pages import write_pages

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m freehold.reference FOLDER")
    for path in write_pages(Path(sys.argv[1])):
        print(path)
