"""``python app.py`` opens the room."""

import sys

from rehearse.keeper import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
