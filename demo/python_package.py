"""``make python-package``: CPython from the distribution's source package, built by our builder, used from three paths.

What apt verified (the upstream archive of the source package, without the distribution's patches, which would move
site-packages) becomes a package of ``demo/python``, built with this machine's compiler. Environments made from it, one
in a long path and one that is moved afterwards, must run pip, ssl, sqlite and a kernel. Everything lies below
``.demo/``; apt gets lists of its own there, derived from the machine's. Needs apt, a compiler and the development files
of OpenSSL, SQLite, libffi, zlib, bzip2, xz, readline and ncurses; wheels come from the index that pip uses.

``--twice`` builds it again into another channel and compares the archives, byte for byte.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from conda_package_streaming import package_streaming
from run import HERE, ROOT, environ, envs, say

WORK = ROOT / "python-package"
LONG = WORK / "/".join(["a-long-name-for-a-folder"] * 7) / "python"
CHECK = """\
import ctypes, os, sqlite3, ssl, sys, sysconfig
assert os.path.samefile(sys.prefix, sys.argv[1]), sys.prefix
assert sysconfig.get_path("purelib").startswith(sys.prefix)
assert sqlite3.connect(":memory:").execute("select 6 * 7").fetchone() == (42,)
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
try:
    client.do_handshake()
except ssl.SSLWantReadError:
    pass
assert outgoing.read(1) == b"\\x16", "a TLS handshake begins with this byte"
print("   Python", sys.version.split()[0], "|", ssl.OPENSSL_VERSION, "| SQLite", sqlite3.sqlite_version)
print("   in", sys.prefix)
"""


def apt(*arguments: str) -> str:
    """Run apt-get with sources and lists of our own; return what it printed."""
    own = {"Dir::Etc::sourcelist": WORK / "sources.list", "Dir::Etc::sourceparts": "-"}
    own |= {"Dir::State::lists": WORK / "apt/lists", "Dir::Cache": WORK / "apt/cache"}
    options = [text for name, value in own.items() for text in ("-o", f"{name}={value}")]
    done = subprocess.run(
        ["apt-get", "-qq", *options, *arguments], cwd=WORK, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"apt-get {arguments[0]} failed:\n{done.stderr}")
    return done.stdout


def fetch_source(name: str) -> dict[str, str]:
    """Bring the archive of a source package; return where it is, its digest and its version."""
    form = "deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)"
    command = ["apt-get", "indextargets", "--format", form, "Created-By: Packages"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for folder in ("apt/lists/partial", "apt/cache/archives/partial"):
        (WORK / folder).mkdir(parents=True, exist_ok=True)
    (WORK / "sources.list").write_text("".join(f"{line}\n" for line in sorted(set(listed.splitlines()))))
    for old in WORK.glob("*.orig.tar.*"):
        old.unlink()  # apt names no archive that is there already
    apt("update")
    told = apt("source", "--tar-only", "--print-uris", name)
    found = re.search(r" (\S+_([\d.]+)\.orig\.tar\.\w+) \d+ SHA256:([0-9a-f]{64})", told)
    if found is None:
        raise SystemExit(f"apt names no archive for the source package {name}: {told}")
    apt("source", "--tar-only", "--download-only", name)
    file, version, digest = found.groups()
    return {"version": version, "url": (WORK / file).as_uri(), "sha256": digest}


def newest_python() -> str:
    """Return the name of the distribution's Python, such as ``python3.11``."""
    told = subprocess.run(["apt-cache", "depends", "python3"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"Depends: (python3\.\d+)$", told, re.MULTILINE)
    if found is None:
        raise SystemExit("apt does not say which Python this distribution has; name one: make python-package SOURCE=…")
    return found.group(1)


def check(prefix: Path) -> None:
    """Run what must run in an environment: ssl, sqlite, pip with its own script."""
    python = str(prefix / "bin/python")
    subprocess.run([python, "-I", "-c", CHECK, str(prefix)], check=True)
    pip = [str(prefix / "bin/pip"), "-q", "install", "--no-deps", "--force-reinstall", "six"]
    subprocess.run(pip, env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}, check=True)
    subprocess.run([python, "-I", "-c", "import six; print('   pip installed six', six.__version__)"], check=True)


def check_kernel(name: str, prefix: Path) -> None:
    """Start the environment's kernel as Jupyter does and ask it where it is."""
    from jupyter_client.manager import start_new_kernel

    os.environ.update(environ())
    manager, client = start_new_kernel(kernel_name=f"envs-{name}", startup_timeout=120)
    try:
        said: list[str] = []
        client.execute_interactive(
            "import ssl, sqlite3, sys; print(sys.prefix)",
            timeout=60,
            output_hook=lambda message: said.append(str(message["content"].get("text", ""))),
        )
        assert "".join(said).strip() == str(prefix), said
        print(f"   a kernel runs in {prefix}")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def build(recipe: Path, channel: Path) -> Path:
    """Build the recipe into a channel and return the archive."""
    started = time.monotonic()
    envs("build", str(recipe), "-o", str(channel), "--quiet", "--force")
    print(f"   {time.monotonic() - started:.0f} s")
    return max(channel.glob("linux-*/python-*.conda"), key=lambda path: path.stat().st_mtime)


def compare(one: Path, other: Path) -> None:
    """End with the files that differ, unless both archives have the same bytes."""
    if one.read_bytes() == other.read_bytes():
        print(f"   both times the same {one.stat().st_size:,} bytes")
        return
    digests = []
    for archive in (one, other):
        paths = next(
            json.load(tar.extractfile(member))  # type: ignore[arg-type]  # a file, by its name
            for tar, member in package_streaming.stream_conda_component(
                archive, component=package_streaming.CondaComponent.info
            )
            if member.name == "info/paths.json"
        )
        digests.append({entry["_path"]: entry.get("sha256") for entry in paths["paths"]})
    names = sorted(
        path for path in digests[0].keys() | digests[1].keys() if digests[0].get(path) != digests[1].get(path)
    )
    raise SystemExit(f"the second build differs in {len(names)} files: {', '.join(names[:20]) or 'of info/'}")


def main() -> None:
    """Build, install, look, move, look again."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("source", nargs="?", help="the source package; the distribution's Python by default")
    options.add_argument("--twice", action="store_true", help="build it again and compare")
    given = options.parse_args([text for text in sys.argv[1:] if text])
    source = given.source or newest_python()
    WORK.mkdir(parents=True, exist_ok=True)
    say(f"The source package {source}")
    found = fetch_source(source)
    print(json.dumps(found, indent=2))
    recipe = WORK / "recipe"
    shutil.copytree(HERE / "python", recipe, dirs_exist_ok=True)
    (recipe / "source.json").write_text(json.dumps(found))
    say("Building it with this machine's compiler: no LTO, no PGO; some minutes")
    archive = build(recipe, WORK / "channel")
    if given.twice:
        say("And once more, into another channel")
        compare(archive, build(recipe, WORK / "channel-again"))
    for old in (ROOT / "envs/built-python", ROOT / "envs/moved-python", LONG):
        if old.exists():
            envs("delete", "-p", str(old), "--yes")
    say("Environments made from it, one of them in a long path")
    where = ["-c", str(WORK / "channel"), "--source", "conda", "--source", "pypi"]
    envs("create", "built-python", *where, f"python={found['version']}", "pip", "ipykernel", "--yes")
    envs("create", "-p", str(LONG), *where, f"python={found['version']}", "pip", "--yes")
    check(ROOT / "envs/built-python")
    check_kernel("built-python", ROOT / "envs/built-python")
    check(LONG)
    say("Moved")
    envs("rename", "built-python", "moved-python")
    check(ROOT / "envs/moved-python")
    check_kernel("moved-python", ROOT / "envs/moved-python")


if __name__ == "__main__":
    main()
