"""``python -m core …``: the headless twin of every page."""

import sys

from core.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
