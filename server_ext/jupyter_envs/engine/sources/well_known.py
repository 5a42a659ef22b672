"""Projects of the Python index that many people install, with a line about each: data, in ``well_known.tsv``."""

from __future__ import annotations

from importlib import resources


def read_summaries() -> dict[str, str]:
    """Return the lines by name."""
    text = resources.files("jupyter_envs.engine.sources").joinpath("well_known.tsv").read_text(encoding="utf-8")
    return dict(line.split("\t", 1) for line in text.splitlines() if "\t" in line)


SUMMARIES = read_summaries()
