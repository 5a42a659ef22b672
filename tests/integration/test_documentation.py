"""What the documentation says is so: its commands parse, its links lead somewhere, its map is the tree."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from jupyter_envs.cli.main import cli

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path.relative_to(ROOT) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")]
)


def commands() -> list[str]:
    """Return every ``jupyter envs …`` line of the code blocks."""
    found = []
    for document in DOCUMENTS:
        for block in re.findall(r"```\w*\n(.*?)```", (ROOT / document).read_text(), re.DOTALL):
            found += [line.split("  #")[0].strip() for line in block.splitlines() if line.startswith("jupyter envs ")]
    return sorted(set(found))


def test_there_are_commands_to_check() -> None:
    assert len(commands()) > 10


@pytest.mark.parametrize("command", commands())
def test_a_documented_command_parses(command: str) -> None:
    words = shlex.split(re.split(r" [>|&]{1,2} ", command)[0])[2:]
    context = click.Context(cli, info_name="jupyter envs")
    if words[0].startswith("-"):
        return
    name, verb, rest = cli.resolve_command(context, words)
    assert name is not None
    assert verb is not None
    verb.make_context(name, list(rest), parent=context, resilient_parsing=False)


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    text = (ROOT / document).read_text()
    for target in re.findall(r"\]\(([^)#]+)", text):
        if "://" not in target:
            assert (ROOT / document).parent.joinpath(target).exists(), f"{document}: {target}"


def test_the_map_names_every_package_of_the_engine() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    engine = ROOT / "server_ext/jupyter_envs/engine"
    names = [path.name for path in engine.iterdir() if (path / "__init__.py").is_file()]
    missing = [name for name in names if not re.search(rf"^    {name}/ ", text, re.MULTILINE)]
    assert missing == []
