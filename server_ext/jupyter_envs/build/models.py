"""What a recipe says, rendered: one value for ``meta.yaml`` and ``recipe.yaml`` alike. Values only.

A ``RenderedRecipe`` is one variant of one recipe: where its sources come from, what is run, and the packages
(``Output``) that come out. Requirements that depend on what the solver will choose stay ``Pin`` values until then.
"""

from __future__ import annotations

from typing import Literal

import msgspec

PinKind = Literal["compatible", "subpackage"]
TestKind = Literal["script", "python", "contents"]
Noarch = Literal["python", "generic"]
PackageState = Literal["built", "present", "broken", "failed", "skipped"]


class Pin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="pin"):
    """A requirement whose versions are known only when an environment is solved or another output is named.

    ``lower`` and ``upper`` are pin expressions (``x.x``) or versions; empty for no bound. ``exact`` pins version and
    build string.
    """

    kind: PinKind
    name: str
    lower: str = ""
    upper: str = ""
    exact: bool = False
    build: str = ""


Dependency = str | Pin


class Source(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One source: ``urls`` (mirrors of one archive), ``path`` (relative to the recipe), or ``git`` with ``revision``.

    ``folder`` is where it goes below the work directory; ``patches`` are files of the recipe, applied in order.
    ``hoist`` leaves out the one folder that an archive has on top; ``expected_commit`` is what ``revision`` must be;
    only files that fit one of ``only`` are taken.
    """

    urls: tuple[str, ...] = ()
    sha256: str = ""
    md5: str = ""
    file_name: str = ""
    path: str = ""
    git: str = ""
    revision: str = ""
    folder: str = ""
    patches: tuple[str, ...] = ()
    use_gitignore: bool = False
    hoist: bool = True
    expected_commit: str = ""
    only: tuple[str, ...] = ()


class Script(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is run: ``lines`` of an ``interpreter`` (bash when empty), or ``file`` of the recipe folder."""

    lines: tuple[str, ...] = ()
    file: str = ""
    interpreter: str = ""
    environ: dict[str, str] = {}
    inherit: tuple[str, ...] = ()
    cwd: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to run."""
        return not (self.lines or self.file)


class RunExports(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What whoever builds with a package must run with (CEP 12)."""

    weak: tuple[Dependency, ...] = ()
    strong: tuple[Dependency, ...] = ()
    noarch: tuple[Dependency, ...] = ()
    weak_constrains: tuple[Dependency, ...] = ()
    strong_constrains: tuple[Dependency, ...] = ()


class Requirements(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Requirements of one output. ``ignore`` are names whose run exports are not taken, ``ignore_from`` packages."""

    build: tuple[Dependency, ...] = ()
    host: tuple[Dependency, ...] = ()
    run: tuple[Dependency, ...] = ()
    constrained: tuple[Dependency, ...] = ()
    run_exports: RunExports = RunExports()
    ignore: tuple[str, ...] = ()
    ignore_from: tuple[str, ...] = ()


class PackageTest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One test of a package.

    ``script``: ``script`` with ``requires`` besides the package; ``files`` of the recipe and ``source_files`` of the
    work directory lie beside it. ``python``: ``imports``, and ``pip check`` when asked. ``contents``: glob patterns by
    kind (``files``, ``lib``, ``bin``, ``include``, ``site_packages``) that must each match a packaged file.
    """

    kind: TestKind
    script: Script = Script()
    requires: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    source_files: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    pip_check: bool = False
    contents: dict[str, tuple[str, ...]] = {}


class Replacing(msgspec.Struct, frozen=True, kw_only=True):
    """What is replaced in files of a package: ``pattern`` in those that fit ``files``."""

    files: tuple[str, ...]
    pattern: str
    replacement: str


class FileRules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the files of an output are chosen and treated; all patterns are globs relative to the prefix.

    ``select`` of ``None`` means everything that is new. ``relocate`` says which binaries get RPATHs of their own,
    ``overdepending`` whether requiring a library that no binary needs is an error.
    """

    select: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    always_include: tuple[str, ...] = ()
    no_link: tuple[str, ...] = ()
    ignore_prefix: bool | tuple[str, ...] = False
    text_prefix: tuple[str, ...] = ()
    binary_prefix: tuple[str, ...] = ()
    detect_binary_prefix: bool = True
    relocate: bool | tuple[str, ...] = True
    rpaths: tuple[str, ...] = ("lib/",)
    missing_allowed: tuple[str, ...] = ()
    overlinking: Literal["ignore", "warn", "error"] = "warn"
    overdepending: bool = False
    skip_pyc: tuple[str, ...] = ()
    replacing: tuple[Replacing, ...] = ()


class Output(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One package that comes out of a recipe.

    ``link_scripts`` maps ``pre-link`` and its like to files of the recipe. ``variant`` are the values that count for
    ``hash``. ``staged`` says whether it begins with what the recipe's own script installed, ``staged_exports`` whether
    run exports of that script's environments count for it (``None``: those of its own). ``noarch`` Python in another
    ``subdir`` than ``noarch`` is laid out so, and may hold binaries (CEP 20).
    """

    name: str
    version: str
    build_string: str
    build_number: int = 0
    subdir: str = ""
    noarch: Noarch | None = None
    requirements: Requirements = Requirements()
    script: Script = Script()
    entry_points: tuple[str, ...] = ()
    files: FileRules = FileRules()
    tests: tuple[PackageTest, ...] = ()
    about: dict[str, object] = {}
    license_files: tuple[str, ...] = ()
    track_features: tuple[str, ...] = ()
    link_scripts: dict[str, str] = {}
    python_site_packages_path: str = ""
    include_recipe: bool = True
    staged: bool = True
    staged_exports: bool | None = None
    variant: dict[str, str] = {}
    hash: str = ""

    @property
    def any_platform(self) -> bool:
        """Whether the package is the same on every platform."""
        return self.noarch is not None and self.subdir in ("", "noarch")

    @property
    def dist(self) -> str:
        """``name-version-build``: the archive's name without its ending."""
        return f"{self.name}-{self.version}-{self.build_string}"


class RenderedRecipe(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One variant of one recipe, ready to be built.

    ``script`` and ``requirements`` belong to the recipe as a whole (conda-build's top level beside ``outputs``): the
    script runs first, and outputs choose from what it installed. ``text`` is the recipe file as it was written.
    ``siblings`` are outputs that belong to this variant, too, and are built by another one.
    """

    folder: str
    file: str
    name: str
    version: str
    outputs: tuple[Output, ...]
    siblings: tuple[Output, ...] = ()
    sources: tuple[Source, ...] = ()
    script: Script = Script()
    requirements: Requirements = Requirements()
    variant: dict[str, str] = {}
    text: str = ""
    warnings: tuple[str, ...] = ()
    extra: dict[str, object] = {}


UNUSED_DAYS = 30  # after so many days without a build, a source of recipes is removed by ``clean``


class BuildRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person asks of the builder, as it is stored with a job.

    ``recipes`` are absolute paths of recipe folders, recipe files, or folders of recipe folders. ``output`` is the
    channel folder (or fsspec URL) that packages are published to. ``channels`` and ``sources`` of ``None`` mean the
    settings' own. ``epoch`` is ``SOURCE_DATE_EPOCH`` in seconds, ``None`` to derive it from the recipe.
    """

    recipes: tuple[str, ...]
    output: str
    variant_files: tuple[str, ...] = ()
    variants: dict[str, str] = {}
    channels: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None
    offline: bool = False
    network: bool = False
    test: bool = True
    force: bool = False
    keep: bool = False
    archive: Literal["conda", "tar.bz2"] = "conda"
    system_compilers: bool = True
    compression: int = 19
    epoch: int | None = None
    parallel: int = 1
    dask: str = ""


class BuiltPackage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one output.

    ``built``, ``present`` (in the channel already), ``broken`` (a test failed), ``failed``, or ``skipped`` because
    something that it needs was not built. ``size`` is in bytes, ``seconds`` include the tests.
    """

    dist: str
    subdir: str
    state: PackageState
    path: str = ""
    size: int = 0
    seconds: float = 0.0
    files: int = 0
    error: dict[str, object] | None = None


class BuildReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a build came to."""

    channel: str
    packages: tuple[BuiltPackage, ...] = ()
    warnings: tuple[str, ...] = ()
