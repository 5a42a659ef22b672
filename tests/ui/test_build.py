"""A recipe in the file browser: refused with its line, built with its log beside it, installed by a notification."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from support.recipes import write_recipe
from ui.conftest import use_theme
from ui.flows import JOB_MS, expect_told, open_menu, serious_problems, toast
from ui.lab_server import LabServer

RECIPE = """\
package: {name: greet, version: "1.2"}
build:
  noarch: generic
  script:
    - echo "the script of greet runs"
    - mkdir -p $PREFIX/share && echo hi > $PREFIX/share/greet.txt
test:
  commands: ["grep hi $PREFIX/share/greet.txt"]
about: {license: BSD-3-Clause, summary: says hi}
"""
OPEN_FOLDER = "path => window.jupyterapp.commands.execute('filebrowser:open-path', {path})"


@pytest.fixture
def recipe(lab: LabServer) -> Iterator[Path]:
    """Return the folder of a recipe that has a fault, beside a folder without one; what is built goes, too."""
    folder = lab.notebooks / "recipes"
    (folder / "plain").mkdir(parents=True)
    yield write_recipe(folder / "greet", {"meta.yaml": RECIPE.replace("  script:", "  scirpt:")})
    for left in (folder, lab.notebooks / "channel"):
        shutil.rmtree(left, ignore_errors=True)


@pytest.fixture
def target(lab: LabServer) -> Iterator[str]:
    """Return the name of an environment to install into."""
    lab.envs("create", "for-greet", "gridkit=2.0.0", "--no-kernel", "--yes")
    yield "for-greet"
    lab.envs("delete", "for-greet", "--yes")


def file(page: Page, name: str) -> Locator:
    """Return an item of the file browser."""
    return page.locator(".jp-DirListing-item", has_text=name)


def test_a_recipe_is_mended_built_and_installed(
    page: Page, lab: LabServer, recipe: Path, target: str, shot: Callable[[Page, str], Path]
) -> None:
    def in_both(name: str) -> None:
        for theme in ("dark", "light"):
            use_theme(page, theme)
            expect(page.locator("#jupyterlab-splash")).to_have_count(0)
            shot(page, f"build-{name}-{theme}")

    with page.expect_response(lambda response: "/api/v1/recipes?folder=recipes" in response.url):
        page.evaluate(OPEN_FOLDER, "recipes")
    open_menu(page, file(page, "plain"), "Rename")
    expect(page.locator(".lm-Menu").get_by_role("menuitem", name="Build Package")).to_have_count(0)
    page.keyboard.press("Escape")
    build = open_menu(page, file(page, "greet"), "Build Package")
    shot(page, "build-menu")
    build.click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("line 4: there is no key 'scirpt' in build")
    expect(dialog).to_contain_text("Did you mean script?")
    in_both("fault")
    dialog.get_by_role("button", name="Show Line 4").click()
    expect(page.get_by_role("button", name="Ln 4, Col 1")).to_be_visible()

    (recipe / "meta.yaml").write_text(RECIPE, encoding="utf-8")
    open_menu(page, file(page, "greet"), "Build Package").click()
    log = page.locator(".jp-envs-Log")
    expect(log).to_contain_text("the script of greet runs", timeout=JOB_MS)
    told = toast(page, "Built greet: greet-1.2-")
    told.hover(timeout=JOB_MS)  # it stays as long as the mouse is over it
    in_both("done")
    assert serious_problems(page, ".jp-envs-Log") == []
    assert list((lab.notebooks / "channel/noarch").glob("greet-1.2-*.conda"))

    told.get_by_role("button", name="Install…").click()
    dialog.locator("select").select_option(label=target)
    shot(page, "build-choose")
    dialog.get_by_role("button", name="Ok").click()
    expect(dialog).to_contain_text("1.2", timeout=JOB_MS)
    in_both("plan")
    dialog.get_by_role("button", name="Apply").click()
    expect_told(page, f"Installed into {target}: greet")
    assert (lab.root / "envs" / target / "share/greet.txt").read_text(encoding="utf-8") == "hi\n"
