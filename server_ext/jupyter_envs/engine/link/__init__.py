"""Put packages of the cache into a prefix: what goes where (pure), how it gets there, what is recorded of it.

``plan`` decides for one package, ``clobber`` between packages, ``writer`` acts, ``record`` describes the outcome,
``scripts`` runs what a package brings. Nothing here knows of transactions: the writer only ever creates new files.
"""

from jupyter_envs.engine.link.actions import FileAction, LinkOptions, LinkTarget, PackageLinkPlan, WriteResult
from jupyter_envs.engine.link.clobber import winners, without_losers
from jupyter_envs.engine.link.paths import validate_path
from jupyter_envs.engine.link.plan import link_script_path, link_target, plan_package
from jupyter_envs.engine.link.record import prefix_record_json
from jupyter_envs.engine.link.scripts import ScriptRun, run_link_script
from jupyter_envs.engine.link.writer import LinkWriter, paused_gc

__all__ = [
    "FileAction",
    "LinkOptions",
    "LinkTarget",
    "LinkWriter",
    "PackageLinkPlan",
    "ScriptRun",
    "WriteResult",
    "link_script_path",
    "link_target",
    "paused_gc",
    "plan_package",
    "prefix_record_json",
    "run_link_script",
    "validate_path",
    "winners",
    "without_losers",
]
