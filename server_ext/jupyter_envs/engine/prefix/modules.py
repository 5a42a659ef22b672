"""Top-level modules: which a package's files bring, and which that a kernel imported a change made stale. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from jupyter_envs.engine.models.plan import PackageChange

_PLACE = "site-packages/"
_CODE = (".py", ".so", ".pyd", ".pyc")
_NOT_MODULES = (".dist-info", ".egg-info", ".data", ".pth")


class StaleModule(msgspec.Struct, frozen=True, kw_only=True):
    """An imported module whose package is another one now; ``after`` is ``None`` when it was removed."""

    module: str
    package: str
    before: str | None
    after: str | None


def modules_in(paths: Iterable[str]) -> frozenset[str]:
    """Return the top-level modules among files, given relative to a prefix or to a package."""
    found = set()
    for path in paths:
        _, place, rest = path.partition(_PLACE)
        if not place:
            continue
        top, slash, _ = rest.partition("/")
        if slash and top != "__pycache__" and not top.endswith(_NOT_MODULES):
            found.add(top)
        elif not slash and top.endswith(_CODE):
            found.add(top.split(".", 1)[0])
    return frozenset(found)


def stale_among(
    imported: Iterable[str], changes: Iterable[PackageChange], brought: Mapping[str, frozenset[str]]
) -> list[StaleModule]:
    """Return the imported modules that a changed package brings or brought, by module.

    Parameters
    ----------
    imported : iterable of str
        Names in a kernel's ``sys.modules``; only the top-level part counts.
    changes : iterable of PackageChange
        From the state in which they were imported to the present.
    brought : mapping
        Package name -> top-level modules, before and now.
    """
    wanted = {name.split(".", 1)[0] for name in imported}
    found = [
        StaleModule(
            module=module,
            package=change.name,
            before=change.before.version if change.before else None,
            after=change.after.version if change.after else None,
        )
        for change in changes
        if change.kind != "added"
        for module in brought.get(change.name, frozenset()) & wanted
    ]
    return sorted(found, key=lambda stale: (stale.module, stale.package))
