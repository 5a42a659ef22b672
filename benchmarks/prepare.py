"""Make what the benchmark installs: about 120 conda packages of real wheels and of the running CPython.

Everything goes into ``benchmarks/.work`` (git-ignored) and is made once: wheels by pip from its own configured index,
then ``channel/`` with the packages, ``twin/`` with as many again under other names (to see how time grows with files),
and ``manifest.json`` that lists what there is. Wheels become ``noarch: python`` packages (CEP 20 for those with native
code), as the engine's own wheel source makes them; the interpreter is copied whole, with a placeholder in text and
binary.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.channel import Channel
from support.packages import PLACEHOLDER, SUBDIR, BuiltPackage, Content, File, Symlink, make_package

WORK = Path(__file__).resolve().parent / ".work"
WANTED = tuple(
    "jupyterlab notebook ipykernel ipywidgets pandas matplotlib scipy scikit-learn sympy seaborn "  # noqa: SIM905
    "xarray bokeh networkx scikit-image requests sqlalchemy dask".split()
)
SMALL = "colorama"  # the one small package that is installed into the large environment
VERSION = ".".join(str(part) for part in sys.version_info[:3])
MINOR = ".".join(str(part) for part in sys.version_info[:2])


def say(text: str) -> None:
    """Tell what is being done."""
    print(f"==> {text}", file=sys.stderr, flush=True)


def download_wheels(folder: Path) -> list[Path]:
    """Ask pip for the wheels, once."""
    done = folder / ".complete"
    if not done.exists():
        say(f"Downloading the wheels of {len(WANTED)} projects and what they need (about 200 MB, once)")
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--dest", str(folder)]
        subprocess.run([*command, *WANTED, SMALL], check=True)
        done.touch()
    return sorted(folder.glob("*.whl"))


def package_of_wheel(wheel: Path, folder: Path, known: set[str]) -> BuiltPackage:
    """Turn one wheel into a package."""
    name, version, *_, _abi, platform = wheel.name.removesuffix(".whl").split("-")
    with zipfile.ZipFile(wheel) as archive:
        info = next(m.split("/")[0] for m in archive.namelist() if m.endswith(".dist-info/METADATA"))
        files = dict(_wheel_files(archive, info.removesuffix(".dist-info") + ".data"))
        entry_points = _entry_points(archive, info)
        depends = ["python", *sorted(_requirements(archive, info) & known)]
    subdir = "noarch" if platform == "any" else SUBDIR
    return make_package(
        folder / subdir,
        conda_name(name),
        version.replace("+", "."),
        "py_0",
        files=files,
        depends=depends,
        noarch="python",
        subdir=subdir,
        entry_points=entry_points,
    )


def conda_name(name: str) -> str:
    """Return a project's name as the channel spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _wheel_files(archive: zipfile.ZipFile, data: str) -> Iterator[tuple[str, Content]]:
    places = {"scripts": "python-scripts", "headers": "include", "purelib": "site-packages", "platlib": "site-packages"}
    for item in archive.infolist():
        if item.is_dir():
            continue
        content = archive.read(item)
        mode = 0o755 if (item.external_attr >> 16) & 0o111 else 0o644
        if not item.filename.startswith(f"{data}/"):
            yield f"site-packages/{item.filename}", File(content, mode)
            continue
        kind, _, rest = item.filename.removeprefix(f"{data}/").partition("/")
        if kind == "scripts" and content.startswith(b"#!python"):
            content = f"#!{PLACEHOLDER}/bin/python".encode() + content.removeprefix(b"#!python")
        place = rest if kind == "data" else f"{places[kind]}/{rest}"
        yield place, File(content, 0o755 if kind == "scripts" else mode)


def _entry_points(archive: zipfile.ZipFile, info: str) -> list[str]:
    path = f"{info}/entry_points.txt"
    if path not in archive.namelist():
        return []
    parser = configparser.ConfigParser(delimiters=("=",), strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names of commands keep their case
    parser.read_string(archive.read(path).decode())
    if not parser.has_section("console_scripts"):
        return []
    return [f"{name} = {target.split('[')[0].strip()}" for name, target in parser.items("console_scripts")]


def _requirements(archive: zipfile.ZipFile, info: str) -> set[str]:
    from packaging.requirements import Requirement

    text = archive.read(f"{info}/METADATA").decode("utf-8", "replace").split("\n\n")[0]
    found = [Requirement(line.strip()) for line in re.findall(r"^Requires-Dist: (.*)$", text, re.MULTILINE)]
    return {conda_name(item.name) for item in found if item.marker is None or item.marker.evaluate({"extra": ""})}


def package_of_python(folder: Path) -> BuiltPackage:
    """Copy the base interpreter and its library (without tests and site-packages) into a package."""
    executable = Path(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
    base, library = sys.base_prefix, Path(sysconfig.get_path("stdlib"))
    # A placeholder in trailing bytes costs what a built-in one costs, and the program runs all the same.
    binary = executable.read_bytes() + b"\0" + PLACEHOLDER.encode() + b"/lib\0"
    files: dict[str, Content] = {
        f"bin/python{MINOR}": File(binary, 0o755),
        "bin/python3": Symlink(f"python{MINOR}"),
        "bin/python": Symlink(f"python{MINOR}"),
        f"lib/python{MINOR}/site-packages/README.txt": "packages go here\n",
    }
    for path in _library_files(library):
        files[f"lib/python{MINOR}/{path.relative_to(library)}"] = _library_file(path, base)
    for shared in Path(base, "lib").glob("libpython*.so*"):
        link = shared.is_symlink()
        files[f"lib/{shared.name}"] = Symlink(os.readlink(shared)) if link else File(shared.read_bytes(), 0o755)
    return make_package(folder / SUBDIR, "python", VERSION, "bench_0", files=files)


def _library_file(path: Path, base: str) -> File:
    content, info = path.read_bytes(), path.stat()
    if len(base) > len("/usr/local") and b"\0" not in content:
        content = content.replace(base.encode(), PLACEHOLDER.encode())
    # A .pyc is valid only with its source's time of change.
    return File(content, 0o755 if info.st_mode & 0o111 else 0o644, mtime=int(info.st_mtime))


def _library_files(library: Path) -> Iterator[Path]:
    left_out = {"test", "tests", "idle_test", "site-packages", "dist-packages"}
    tag = f".{sys.implementation.cache_tag}.pyc"
    for directory, directories, names in os.walk(library):
        directories[:] = sorted(set(directories) - left_out)
        for path in (Path(directory, name) for name in sorted(names)):
            foreign = path.suffix == ".pyc" and not path.name.endswith(tag)
            if path.is_file() and not path.is_symlink() and path.suffix != ".a" and not foreign:
                yield path


def twin_of(package: BuiltPackage, folder: Path) -> BuiltPackage:
    """Make a package with as many files of the same sizes at other paths."""
    from conda_package_streaming.package_streaming import stream_conda_component

    name = f"twin-{package.index['name']}"
    files: dict[str, Content] = {}
    for tar, member in stream_conda_component(str(package.path), None, "pkg"):
        source = tar.extractfile(member) if member.isfile() else None
        if source is not None:
            place = f"share/twin/{package.index['name']}/{member.name}"
            files[place] = File(source.read(), member.mode, placeholder=False)
    return make_package(folder / "noarch", name, str(package.index["version"]), "0", files=files, noarch="generic")


def find_uv() -> str | None:
    """Return the path of ``uv``: on PATH, or the copy that ``prepare`` put into the work folder."""
    own = WORK / "uv" / "bin" / "uv"
    return str(own) if own.exists() else shutil.which("uv")


def install_uv() -> None:
    """Put uv into the work folder, once."""
    if find_uv() is None:
        say("Installing uv, to compare with")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]
        subprocess.run([*command, str(WORK / "uv"), "uv"], check=True)


def prepare(work: Path = WORK) -> Path:
    """Make everything that is not there yet; return the path of the manifest."""
    manifest = work / "manifest.json"
    install_uv()
    if manifest.exists():
        say(f"Everything is there already: {work}")
        return manifest
    wheels = download_wheels(work / "wheels")
    known = {conda_name(wheel.name.split("-")[0]) for wheel in wheels}
    say(f"Making {len(wheels) + 1} packages")
    channel, twin = Channel(work / "channel"), Channel(work / "twin")
    channel.packages = [package_of_python(channel.folder)]
    channel.packages += [package_of_wheel(wheel, channel.folder, known) for wheel in wheels]
    channel.index()
    say("Making their twins")
    twin.packages = [twin_of(package, twin.folder) for package in channel.packages]
    twin.index()
    manifest.write_text(json.dumps(_manifest(wheels, channel, twin), indent=1))
    return manifest


def _manifest(wheels: list[Path], channel: Channel, twin: Channel) -> dict[str, object]:
    def listing(packages: list[BuiltPackage], folder: Path) -> list[dict[str, object]]:
        return [
            {**package.repodata(), "fn": package.path.name, "path": str(package.path.relative_to(folder)),
             "files": len(package.paths["paths"])}
            for package in packages
        ]  # fmt: skip

    return {
        "wanted": [package.index["name"] for package in channel.packages if package.index["name"] != SMALL],
        "small": SMALL,
        "wheels": [wheel.name for wheel in wheels],
        "packages": listing(channel.packages, channel.folder),
        "twins": listing(twin.packages, twin.folder),
    }


if __name__ == "__main__":
    found = json.loads(prepare().read_text())
    say(f"{len(found['packages'])} packages, {sum(p['files'] for p in found['packages'])} files")
