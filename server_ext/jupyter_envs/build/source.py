"""Sources into the work directory: archives (verified, cached by digest), folders, git revisions; then patches.

An archive lies in ``<root>/sources`` under its sha256 and is fetched once. Refuses a URL without sha256, archives that
write outside of their folder, file names that are paths, git addresses that are options, revisions that are not there
and patches that do not apply. Only a git source of this machine may have submodules of this machine.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from jupyter_envs.build.cached_sources import used_now
from jupyter_envs.build.collect import matches
from jupyter_envs.build.models import RenderedRecipe, Source
from jupyter_envs.build.recipe.local_source import git_words
from jupyter_envs.engine.fetch.download import Fetcher
from jupyter_envs.engine.fetch.wanted import Download
from jupyter_envs.engine.models.events import CancelToken, Event, Reporter
from jupyter_envs.errors import ArchiveError, BuildError, CancelledError, EnvsError, RecipeError, SpecError
from jupyter_envs.settings import Settings

TAR_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz")
ZIP_ENDINGS = (".zip",)  # wheels and jars are files to be installed, not archives to be unpacked
_GIT_TIMEOUT = 600
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


class SourceReader:
    """Brings sources.

    Parameters
    ----------
    settings : Settings
        Where the cache is, how the network is used.
    reporter, cancel
        Watch and stop downloads.
    """

    def __init__(self, settings: Settings, reporter: Reporter, cancel: CancelToken) -> None:
        self._settings = settings
        self._reporter = reporter
        self._cancel = cancel
        self._cache = Path(settings.root) / "sources"

    def bring(self, recipe: RenderedRecipe, work: str) -> None:
        """Put all sources of a recipe into the work directory and patch them.

        Raises
        ------
        RecipeError, FetchError, IntegrityError, BuildError
            A source that is not there, is not what was promised, or cannot be patched.
        """
        for source in recipe.sources:
            self._cancel.check()
            target = _below(work, source.folder)
            target.mkdir(parents=True, exist_ok=True)
            if source.urls:
                self._archive(source, target)
            elif source.git:
                self._git(source, target, Path(recipe.folder))
            else:
                self._path(source, target, Path(recipe.folder))
            for patch in source.patches:
                apply_patch(Path(recipe.folder, patch), target)

    # -- archives -----------------------------------------------------------------------------------------------

    def _archive(self, source: Source, target: Path) -> None:
        name = source.file_name or os.path.basename(unquote(urlsplit(source.urls[0]).path)) or "source"
        path = self._fetched(source, name)
        if name.endswith((*TAR_ENDINGS, *ZIP_ENDINGS)):
            unpack(path, name, target, hoist=source.hoist, only=source.only)
        else:
            shutil.copy(path, target / name)

    def _fetched(self, source: Source, name: str) -> str:
        self._cache.mkdir(parents=True, exist_ok=True)
        destination = str(self._cache / f"{source.sha256}-{name}")
        failures: list[EnvsError] = []
        for url in source.urls:
            self._reporter.report(Event(kind="phase", phase="fetch", text=name))
            download = Download(url=url, destination=destination, sha256=source.sha256, label=name)
            try:
                path = Fetcher(self._settings, self._reporter, self._cancel).fetch([download])[0]
                used_now(destination)  # not `path`: a file:// archive is taken where it lies
                return path
            except CancelledError:
                raise
            except EnvsError as error:  # the next mirror
                failures.append(error)
        raise failures[-1]

    # -- folders and git ----------------------------------------------------------------------------------------

    def _path(self, source: Source, target: Path, folder: Path) -> None:
        origin = (folder / Path(source.path).expanduser()).resolve()
        if not origin.exists():
            raise RecipeError(
                f"the source {source.path} of the recipe in {folder} is not there",
                hint="paths are relative to the recipe's folder",
                code="recipe.source",
            )
        if origin.is_file():
            name = source.file_name or origin.name
            if not source.file_name and name.endswith((*TAR_ENDINGS, *ZIP_ENDINGS)):
                unpack(str(origin), name, target, hoist=source.hoist, only=source.only)
            else:
                shutil.copy(origin, target / name)
            return
        names = _tracked(origin) if source.use_gitignore else None
        copy_tree(origin, target, names)
        if source.only:
            keep_only(target, source.only)

    def _git(self, source: Source, target: Path, folder: Path) -> None:
        """Check a revision out of a mirror in the cache; a full commit that the mirror has needs no network.

        A repository of this machine may be taken as it is committed now: without a revision, or at ``HEAD``.
        """
        local = (folder / source.git).resolve()
        is_local = source.git.startswith("file://") or ("://" not in source.git and local.exists())
        origin = str(local) if is_local and "://" not in source.git else source.git
        revision = source.revision
        if revision in ("", "HEAD") and local.is_dir():
            revision = git("rev-parse", "HEAD", at=local).strip()
        if not revision:
            raise RecipeError(
                f"the git source {source.git} has no revision",
                hint="write `git_rev:` (meta.yaml) or `rev:` (recipe.yaml) with a commit or a tag",
                code="recipe.git_rev",
            )
        mirror = self._cache / "git" / hashlib.sha256(origin.encode()).hexdigest()[:16]
        if not mirror.exists():
            mirror.mkdir(parents=True)
            git("init", "--bare", "--quiet", str(mirror))
        used_now(mirror)
        commit = self._commit(mirror, revision) if len(revision) == 40 else ""
        if not commit:
            if self._settings.offline and not is_local:
                raise BuildError(f"offline, and {origin} is not cached", hint="build once online", code="build.offline")
            self._reporter.report(Event(kind="phase", phase="fetch", text=origin))
            git("fetch", "--quiet", "--prune", "--tags", "--", origin, "+refs/heads/*:refs/heads/*", at=mirror)
            commit = self._commit(mirror, revision)
        if not commit:
            raise RecipeError(
                f"{source.git} has no revision {revision}",
                hint="write a commit, tag or branch that is there (`git ls-remote` lists them)",
                code="recipe.git_rev",
            )
        if source.expected_commit not in ("", commit):
            raise RecipeError(
                f"{revision} of {source.git} is the commit {commit}, not {source.expected_commit}",
                hint="look at what was tagged anew before you change `expected_commit`",
                code="recipe.git_rev",
            )
        git("clone", "--quiet", "--no-checkout", "--shared", str(mirror), str(target / ".clone"))
        (target / ".clone" / ".git").rename(target / ".git")
        (target / ".clone").rmdir()
        git("checkout", "--quiet", "--detach", commit, at=target)
        git("submodule", "--quiet", "update", "--init", "--recursive", at=target, local_submodules=is_local)

    @staticmethod
    def _commit(mirror: Path, revision: str) -> str:
        for name in (revision, f"refs/heads/{revision}"):
            found = _git_run("rev-parse", "--quiet", "--verify", f"{name}^{{commit}}", at=mirror)
            if found.returncode == 0:
                return found.stdout.strip()
        return ""


def _below(work: str, folder: str) -> Path:
    target = Path(os.path.normpath(os.path.join(work, folder)))
    if not target.is_relative_to(work):
        raise RecipeError(f"a source's folder leaves the work directory: {folder}", hint="use a relative path in it")
    return target


def _git_run(
    *arguments: str, at: Path | None = None, local_submodules: bool = False
) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    command = ["git", "-c", f"protocol.file.allow={'always' if local_submodules else 'user'}", *arguments]
    return subprocess.run(
        command, cwd=at, env=environ, capture_output=True, text=True, timeout=_GIT_TIMEOUT, check=False,
        stdin=subprocess.DEVNULL, errors="replace",
    )  # fmt: skip


def git(*arguments: str, at: Path | None = None, local_submodules: bool = False) -> str:
    """Run git and return what it printed; ``BuildError`` with its words when it fails or is not there."""
    try:
        done = _git_run(*arguments, at=at, local_submodules=local_submodules)
    except FileNotFoundError:
        raise BuildError(
            "git is not installed", hint="install git, or give the source as an archive", code="build.git"
        ) from None
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise BuildError(
            f"git {arguments[0]} failed: {said[-1] if said else done.returncode}",
            hint="check the address and the revision of the git source",
            code="build.git",
        )
    return done.stdout


def _tracked(folder: Path) -> list[str] | None:
    """Return the files that git does not ignore, ``None`` when the folder is in no repository."""
    done = _git_run("ls-files", "--cached", "--others", "--exclude-standard", "-z", at=folder)
    return [name for name in done.stdout.split("\0") if name] if done.returncode == 0 else None


def copy_tree(origin: Path, target: Path, names: Sequence[str] | None = None) -> None:
    """Copy a folder's content, soft links as they are; only ``names`` when they are given."""
    if names is None:
        shutil.copytree(origin, target, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git"))
        return
    for name in names:
        if (origin / name).is_symlink() or (origin / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(origin / name, target / name, follow_symlinks=False)


def unpack(path: str, name: str, target: Path, *, hoist: bool = True, only: Sequence[str] = ()) -> None:
    """Unpack an archive, or what fits a pattern; the one folder that holds all is left out when it is to be hoisted.

    Raises
    ------
    ArchiveError
        It is damaged, or holds names or links that leave the folder.
    """
    into = target / ".unpacked"
    into.mkdir()
    try:
        if name.endswith(ZIP_ENDINGS):
            _unzip(path, into)
        else:
            with tarfile.open(path) as archive:
                archive.extractall(into, filter="data")
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
        raise ArchiveError(
            f"the source {name} cannot be unpacked: {error}",
            hint="download it again, or choose another archive",
            code="archive.source",
        ) from error
    entries = list(into.iterdir())
    alone = len(entries) == 1 and entries[0].is_dir() and not entries[0].is_symlink()
    top = entries[0] if hoist and alone else into
    if only:
        keep_only(top, only)
    for child in list(top.iterdir()):
        destination = target / child.name
        if destination.is_dir() and child.is_dir():
            shutil.copytree(child, destination, symlinks=True, dirs_exist_ok=True)
        else:
            child.replace(destination)
    shutil.rmtree(into)


def keep_only(folder: Path, patterns: Sequence[str]) -> None:
    """Remove the files that fit none of the patterns."""
    for path in sorted(folder.rglob("*")):
        if (path.is_symlink() or not path.is_dir()) and not matches(str(path.relative_to(folder)), patterns):
            path.unlink()


def _unzip(path: str, into: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            out = Path(archive.extract(info, into))
            mode = info.external_attr >> 16
            if out.is_file() and mode & 0o111:
                out.chmod(out.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def apply_patch(patch: Path, target: Path) -> None:
    """Apply a patch file with ``-p1``, else ``-p0``; each is tried dry before anything is changed.

    Raises
    ------
    RecipeError
        The patch file is not there.
    BuildError
        It does not apply (``build.patch``); the message holds the tool's last words.
    """
    if not patch.is_file():
        raise RecipeError(
            f"the patch {patch} is not there", hint="patches lie in the recipe's folder", code="recipe.source"
        )
    tool = shutil.which("patch")
    if tool is None:
        raise BuildError("the command `patch` is not installed", hint="install GNU patch", code="build.patch")
    said = ""
    for strip in ("-p1", "-p0"):
        command = [tool, strip, "--batch", "--forward", "-i", str(patch)]
        dry = subprocess.run([*command, "--dry-run"], cwd=target, capture_output=True, text=True, check=False)
        if dry.returncode == 0:
            subprocess.run([*command, "--no-backup-if-mismatch"], cwd=target, capture_output=True, check=True)
            return
        said = said or (dry.stdout + dry.stderr).strip()
    raise BuildError(
        f"the patch {patch.name} does not apply: {' / '.join(said.splitlines()[-3:])}",
        hint="make it again against this version of the source",
        code="build.patch",
    )


def git_environ(recipe: RenderedRecipe, work: str) -> dict[str, str]:
    """Return ``GIT_DESCRIBE_TAG`` and its like for the first source, when that is from git."""
    first = recipe.sources[0] if recipe.sources else Source()
    if first.git:
        return git_words(_below(work, first.folder))
    return git_words(Path(recipe.folder, first.path)) if first.path and Path(recipe.folder, first.path).is_dir() else {}


def check_sources(sources: Sequence[Source]) -> None:
    """Refuse sources that cannot be verified or would land elsewhere, before anything is fetched."""
    for source in sources:
        if source.file_name in (".", "..") or "/" in source.file_name:
            raise RecipeError(
                f"the file name of a source is a path: {source.file_name}",
                hint="give the name alone; `folder` (`target_directory`) says where it goes",
                code="recipe.source",
            )
        if source.urls and not source.sha256:
            raise RecipeError(
                f"the source {source.urls[0]} has no sha256",
                hint="write `sha256:` with the archive's digest below its url (`sha256sum FILE` prints it)",
                code="recipe.sha256",
            )
        if source.sha256 and not _SHA256.fullmatch(source.sha256):
            raise SpecError(f"not a sha256: {source.sha256}", hint="it has 64 hexadecimal digits", code="recipe.sha256")
