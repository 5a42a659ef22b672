"""The whole story, as a person would live it: from an empty sidebar to a kernel that stands in the launcher."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect


def test_the_environments_stand_in_the_left_sidebar(page: Page, shot: Callable[[Page, str], Path]) -> None:
    page.get_by_role("tab", name="Environments").click()
    expect(page.get_by_role("region", name="Environments")).to_be_visible()
    shot(page, "sidebar-empty")
