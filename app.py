"""``python app.py`` opens the room."""

import sys

from rehearse.cli import main

if __name__ == "__main__":
    sys.exit(main(["start", *sys.argv[1:]]))
