"""What a recipe that lies beside its project may ask of it while it is read: files, and git's words.

Only a first source that is a folder of this machine (``path: ..``, ``git_url: ..``) is looked at; others are not there
by then. Runs ``git describe``; no code of the project.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

_SOURCE = re.compile(r"(?:^|[{,])\s*(?:-\s+)?(?:git_url|path)\s*:\s*[\"']?([^\"'#\s,}]+)", re.MULTILINE)
_SECONDS = 30.0


def find_local_source(text: str, folder: Path) -> Path | None:
    """Return the folder that a recipe in ``folder`` has as its first source, ``None`` when it is elsewhere."""
    match = _SOURCE.search(text)
    if match is None or "://" in match[1]:
        return None
    source = folder / match[1]
    return source if source.is_dir() else None


def git_words(folder: Path) -> dict[str, str]:
    """Return conda-build's ``GIT_…`` variables for the repository that a folder is in; empty when it is in none.

    Without a tag there is no ``GIT_DESCRIBE_TAG``, and ``GIT_DESCRIBE_NUMBER`` counts all commits.
    """
    full = _git(folder, "rev-parse", "HEAD")
    if not full:
        return {}
    described = _git(folder, "describe", "--tags", "--long", "HEAD").rsplit("-", 2)
    if len(described) == 3:
        tag, number, short = described
        words = {"GIT_DESCRIBE_TAG": tag}
    else:
        number, short = _git(folder, "rev-list", "--count", "HEAD"), f"g{_git(folder, 'rev-parse', '--short', 'HEAD')}"
        words = {}
    numbers = {"GIT_DESCRIBE_NUMBER": number, "GIT_DESCRIBE_HASH": short, "GIT_BUILD_STR": f"{number}_{short}"}
    return {**words, **numbers, "GIT_FULL_HASH": full}


def _git(folder: Path, *arguments: str) -> str:
    """Return what git prints, empty when it refuses or is not there."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder, capture_output=True, text=True, check=False, timeout=_SECONDS, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
