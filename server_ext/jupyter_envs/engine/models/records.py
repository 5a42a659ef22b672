"""Package records, from repodata to the prefix; values only, no reading or writing.

``PackageRecord`` < ``RepodataRecord`` (where it comes from) < ``PrefixRecord`` (what was linked), with the field
names that CEP 32, 34 and 36 give them, so that JSON decodes straight into them with msgspec.
"""

from __future__ import annotations

import msgspec

RECORD_ENCODER = msgspec.json.Encoder()
MAX_DIST = 240  # with an ending, what file systems take as a name


class PackageRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a package says of itself (``info/index.json``)."""

    name: str
    version: str
    build: str = ""
    build_number: int = 0
    depends: tuple[str, ...] = ()
    constrains: tuple[str, ...] = ()
    extra_depends: dict[str, list[str]] | None = None
    subdir: str = "noarch"
    arch: str | None = None
    platform: str | None = None
    noarch: str | bool | None = None
    license: str | None = None
    license_family: str | None = None
    timestamp: int | float | None = None
    track_features: str | list[str] | None = None
    features: str | None = None
    python_site_packages_path: str | None = None
    size: int | None = None
    md5: str | None = None
    sha256: str | None = None
    legacy_bz2_md5: str | None = None
    legacy_bz2_size: int | None = None
    flags: tuple[str, ...] = ()
    indexed_timestamp: int | None = None
    purls: tuple[str, ...] | None = None
    attestations_sha256: str | None = None

    @property
    def dist(self) -> str:
        """``name-version-build``: the package's directory in the cache and its record's file stem."""
        return f"{self.name}-{self.version}-{self.build}"


def is_one_name(dist: str) -> bool:
    """Tell whether ``name-version-build`` can be the name of a file, and leads nowhere else.

    >>> [is_one_name(dist) for dist in ("numpy-2.1.0-py312_0", "../a-1-0", "a-1-0/b", ".a-1-0", "")]
    [True, False, False, False, False]
    """
    return dist[:1] not in ("", ".") and len(dist) <= MAX_DIST and dist.isprintable() and not {"/", "\\"} & {*dist}


class RepodataRecord(PackageRecord, frozen=True, kw_only=True, omit_defaults=True):
    """A package and where its archive is (``info/repodata_record.json``).

    ``url`` is the archive's; for the interpreter source it is ``interpreter://<absolute path of the executable>``.
    ``channel`` is the channel's URL, the index's URL for wheels, or ``interpreter://``.
    """

    fn: str
    url: str
    channel: str | None = None


class PrefixPathsEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One path of a package in a prefix, or (without ``sha256_in_prefix``) in the package itself."""

    path: str = msgspec.field(name="_path")
    path_type: str | None = None  # hardlink, softlink, directory, pyc_file, unix_python_entry_point, windows_...
    sha256: str | None = None
    size_in_bytes: int | None = None
    sha256_in_prefix: str | None = None
    prefix_placeholder: str | None = None
    file_mode: str | None = None  # text or binary
    no_link: bool | None = None
    original_path: str | None = None


PathsEntry = PrefixPathsEntry


class PrefixPaths(msgspec.Struct, frozen=True, kw_only=True):
    """``paths_data`` of a prefix record; ``info/paths.json`` of a package has the same shape."""

    paths: tuple[PrefixPathsEntry, ...] = ()
    paths_version: int = 1


PathsJson = PrefixPaths


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """How a package was linked. ``type`` 1 hard link, 2 soft link, 3 copy, 4 directory (conda's numbers)."""

    source: str
    type: int = 1


class PrefixRecord(RepodataRecord, frozen=True, kw_only=True, omit_defaults=True):
    """An installed package (``conda-meta/<dist>.json``, CEP 32)."""

    files: tuple[str, ...] = ()
    paths_data: PrefixPaths = PrefixPaths()
    link: Link | None = None
    requested_spec: str | None = None
    requested_specs: tuple[str, ...] = ()
    extracted_package_dir: str | None = None
    package_tarball_full_path: str | None = None

    def repodata(self) -> RepodataRecord:
        """Return the record without what belongs to this prefix."""
        known = RepodataRecord.__struct_fields__
        return RepodataRecord(**{name: getattr(self, name) for name in known})


class EntryPoints(msgspec.Struct, frozen=True, kw_only=True):
    """``noarch`` member of ``info/link.json``."""

    type: str
    entry_points: tuple[str, ...] = ()


class LinkJson(msgspec.Struct, frozen=True, kw_only=True):
    """``info/link.json`` (CEP 34): how a noarch package is to be linked."""

    noarch: EntryPoints | None = None
    preferred_env: dict[str, object] | None = None
    package_metadata_version: int = 1


class PackageManifest(msgspec.Struct, frozen=True, kw_only=True):
    """All that linking must know of one extracted package.

    ``paths`` come from ``info/paths.json``, or from ``files``/``has_prefix``/``no_link`` in packages older than it.
    ``pyc`` are the compiled files kept beside the cache for one Python tag: their ``path`` is relative to
    ``pyc_directory`` and is spelled as in the package (``site-packages/a/__pycache__/b.cpython-311.pyc``).
    """

    record: RepodataRecord
    directory: str
    paths: tuple[PathsEntry, ...]
    noarch: str | None = None  # "python", "generic" or None
    entry_points: tuple[str, ...] = ()
    pyc_directory: str | None = None
    pyc: tuple[PathsEntry, ...] = ()
