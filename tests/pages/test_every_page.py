"""Each page, in both languages, on an empty and on a filled workspace: no exception, a title, no missing text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.jobs.worker import run_inline
from core.settings import REPOSITORY, settings
from core.stages import REGISTRY
from core.storage.workspaces import Workspace
from tests.page_world import kept_home

PAGES = sorted(path.stem for path in (REPOSITORY / "pages").glob("*.py"))
KEYS = {path.stem for path in (REPOSITORY / "assets" / "i18n" / "en").glob("*.yaml")}
MISSING = re.compile(rf"\b(?:{'|'.join(sorted(KEYS))})\.[a-z]\w+\b(?!\.)")
QUICK = {
    "build": {"n_products": 60, "reviews": False},
    "train": {
        "config": {
            "epochs": 1,
            "patience": 1,
            "text": "lexical",
            "residual_folds": 2,
            "threads": 1,
            "certificate": False,
        }
    },
    "explain": {"shoppers": 1},
}


@pytest.fixture(scope="module")
def filled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose workspace "filled" has gone all the way down the chain, without a language model."""
    home = tmp_path_factory.mktemp("filled")
    models = REPOSITORY / ".shelfgraph" / "models"
    if models.is_dir():
        (home / "models").symlink_to(models)
    with kept_home(home, "Filled") as made:
        run_inline(made, "demo", REGISTRY, QUICK)
    return home


def shown(name: str, workspace_id: str, language: str) -> AppTest:
    test = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=60)
    test.query_params["w"] = workspace_id
    test.query_params["lang"] = language
    test.run()
    if name != "home":
        test.switch_page(f"pages/{name}.py")
        test.query_params["w"] = workspace_id
        test.query_params["lang"] = language
        test.run()
    return test


def check(test: AppTest, language: str) -> None:
    assert not test.exception, [error.value for error in test.exception]
    words = [str(element.proto.body) for element in test.get("html")]
    title = next(found for text in words if (found := re.search(r'<h1 class="sg-title">(.*?)</h1>', text)))
    assert bool(re.search("[\u4e00-\u9fff]", title[1])) == (language == "zh"), title[1]
    words += [str(element.value) for element in (*test.markdown, *test.caption)]
    words += [str(button.label) for button in test.button]
    missing = {found for text in words for found in MISSING.findall(re.sub("<[^>]+>", " ", text))}
    assert not missing


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", PAGES)
def test_on_an_empty_workspace(workspace: Workspace, name: str, language: str) -> None:
    check(shown(name, workspace.info.id, language), language)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", PAGES)
def test_on_a_filled_workspace(
    filled_home: Path, monkeypatch: pytest.MonkeyPatch, name: str, language: str
) -> None:
    monkeypatch.setenv("SHELFGRAPH_HOME", str(filled_home))
    settings.cache_clear()
    try:
        check(shown(name, "filled", language), language)
    finally:
        settings.cache_clear()
