"""What the first visitor waits for: no page pulls in the heavy packages before there is work for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from core.settings import REPOSITORY

HEAVY = ("torch", "transformers", "sklearn", "shap", "lime")
SCRIPT = f"""
import logging, sys
logging.disable(logging.WARNING)
from pathlib import Path
from streamlit.testing.v1 import AppTest
root = Path({str(REPOSITORY)!r})
found = {{}}
for page in ("home", *sorted(p.stem for p in (root / "pages").glob("*.py") if p.stem != "home")):
    test = AppTest.from_file(str(root / "app.py"), default_timeout=60).run()
    if page != "home":
        test.switch_page(f"pages/{{page}}.py").run()
    assert not test.exception, page
    new = [name for name in {HEAVY!r} if name in sys.modules and name not in sum(found.values(), [])]
    if new:
        found[page] = new
print(found)
"""


def test_no_page_of_an_empty_workspace_imports_what_takes_seconds(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().splitlines()[-1] == "{}"
