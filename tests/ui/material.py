"""What the browser tests install: a small channel in a folder, with versions to choose and requests that clash.

``gridkit`` has three versions, ``plotkit 2`` needs ``gridkit >=2`` and ``oldlib`` needs ``gridkit <2``: ``plotkit>=2``
and ``oldlib`` cannot go together. ``bundle`` brings many small packages, for long lists.
"""

from __future__ import annotations

from pathlib import Path

from support.channel import Channel

BUNDLE_SIZE = 150
SUMMARIES = {
    "gridkit": "Grids of numbers and what can be done with them",
    "plotkit": "Pictures of grids",
    "oldlib": "A library that nobody has looked after for years",
    "bundle": "Many small packages at once",
}


def build_channel(folder: Path) -> Channel:
    """Build and index the channel."""
    channel = Channel(folder)
    channel.python()
    for version in ("1.4.2", "2.0.0", "2.1.0"):
        channel.noarch("gridkit", version, about={"summary": SUMMARIES["gridkit"]})
    channel.noarch("plotkit", "1.9.0", depends=["gridkit >=1"], about={"summary": SUMMARIES["plotkit"]})
    channel.noarch("plotkit", "2.3.1", depends=["gridkit >=2"], about={"summary": SUMMARIES["plotkit"]})
    channel.noarch("oldlib", "0.7", depends=["gridkit <2"], about={"summary": SUMMARIES["oldlib"]})
    channel.noarch("tidytable-with-a-rather-long-name-for-a-package", "3.2.0")
    parts = [f"part-{number:03}" for number in range(BUNDLE_SIZE)]
    for number, part in enumerate(parts):
        channel.noarch(part, f"1.{number}")
    channel.noarch("bundle", "1.0", depends=parts, about={"summary": SUMMARIES["bundle"]})
    return channel.index()
