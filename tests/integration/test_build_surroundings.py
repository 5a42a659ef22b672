"""What scripts and tests of a package have around them: the network only if asked, files that are named, no build."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from conda_package_streaming.package_streaming import stream_conda_component

from jupyter_envs.build.models import BuiltPackage
from jupyter_envs.build.scripts import can_isolate
from jupyter_envs.settings import Settings
from support.channel import Channel
from support.http_server import serve
from support.recipes import build, write_recipe
from support.users import FIRST, User, missing

SEEN = """\
package: {name: seen, version: "1"}
source: {path: src}
test:
  requires: [helper]
  files: [beside.txt]
  source_files: [data/*.txt]
  commands:
    - test -f $PREFIX/share/where
    - test "$(cat $PREFIX/share/helper)" = helps
    - test "$(cat beside.txt data/a.txt)" = "$(printf 'beside\\nsource')"
    - test ! -e "$(head -1 $PREFIX/share/where)"
    - test ! -e "$(tail -1 $PREFIX/share/where)"
"""
WHERE = 'mkdir -p "$PREFIX/share"; printf "%s\\n%s\\n" "$SRC_DIR/data" "$BUILD_PREFIX/bin" > "$PREFIX/share/where"\n'


def content(package: BuiltPackage, name: str) -> bytes:
    """Return a file of a package."""
    for tar, member in stream_conda_component(package.path, component="pkg"):
        stream = tar.extractfile(member)
        if member.name == name and stream:
            return stream.read()
    raise KeyError(name)


def test_a_packages_tests_have_what_they_name_and_not_the_build(
    settings: Settings, tmp_path: Path, channel: Channel
) -> None:
    channel.add("helper", files={"share/helper": "helps"})
    channel.index()
    files = {"meta.yaml": SEEN, "build.sh": WHERE, "beside.txt": "beside\n", "src/data/a.txt": "source\n"}
    recipe = write_recipe(tmp_path / "recipe", files)
    (package,) = build(settings, tmp_path / "out", recipe, channels=(str(channel.folder),)).packages
    assert package.state == "built"
    lines = content(package, "share/where").decode().split()
    assert [Path(line).name for line in lines] == ["data", "bin"]


@pytest.mark.parametrize("network", [False, True])
def test_a_script_has_a_network_only_when_that_is_asked_for(settings: Settings, tmp_path: Path, network: bool) -> None:
    if why := can_isolate():
        pytest.skip(f"needs network namespaces: {why}")
    (tmp_path / "served").mkdir()
    (tmp_path / "served/a.txt").write_text("reached")
    with serve(tmp_path / "served") as server:  # on this machine's loopback, which an isolated script has not
        python = f"import urllib.request as u; print(u.urlopen('{server.url}/a.txt', timeout=60).read().decode())"
        meta = f"""\
package: {{name: net, version: "1"}}
build:
  noarch: generic
  script:
    - mkdir -p $PREFIX/share
    - (/usr/bin/env python3 -c "{python}" || echo none) > $PREFIX/share/net 2>/dev/null
"""
        recipe = write_recipe(tmp_path / "recipe", {"meta.yaml": meta})
        (package,) = build(settings, tmp_path / "out", recipe, network=network).packages
    assert content(package, "share/net").decode().strip() == ("reached" if network else "none")


def test_a_script_of_another_interpreter(settings: Settings, tmp_path: Path) -> None:
    text = """\
package: {name: other, version: "1"}
build:
  noarch: generic
  script:
    interpreter: python
    content: |
      import os, pathlib
      folder = pathlib.Path(os.environ["PREFIX"], "share")
      folder.mkdir(parents=True)
      (folder / "other").write_text("written by Python")
requirements:
  build: [python]
"""
    recipe = write_recipe(tmp_path / "recipe", {"recipe.yaml": text})
    (package,) = build(settings, tmp_path / "out", recipe, sources=("conda", "interpreter")).packages
    assert content(package, "share/other") == b"written by Python"


CLOSED = """\
mkdir -p "$PREFIX/share/closed/deep" "$PREFIX/bin" scratch/deep
printf '#!/bin/sh\\necho runs\\n' > "$PREFIX/bin/runs"
echo "$PREFIX" > "$PREFIX/share/closed/deep/place"
chmod 555 "$PREFIX/bin/runs"
chmod 000 "$PREFIX/share/closed/deep/place" "$PREFIX/share/closed/deep" scratch/deep
chmod a-w scratch "$PREFIX"
"""


@pytest.fixture
def everybody() -> Iterator[Path]:
    """Return a folder that other users may read; pytest's are its owner's alone."""
    if lacking := missing():
        pytest.skip(lacking)
    folder = Path(tempfile.mkdtemp(prefix="envs-build-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_what_a_script_closes_is_packaged_and_removed_all_the_same(everybody: Path) -> None:
    """To root nothing is closed, so another user builds."""
    meta = 'package: {name: closed, version: "1"}\ntest: {commands: [runs, test -r $PREFIX/share/closed/deep/place]}\n'
    recipe = write_recipe(everybody / "recipe", {"meta.yaml": meta, "build.sh": CLOSED})
    variables = {"JUPYTER_ENVS_ROOT": str(everybody / f"home-{FIRST}/root"), "JUPYTER_ENVS_SOURCES": "conda"}
    user = User(FIRST, everybody, variables)
    done = user.envs("build", str(recipe), "-o", str(user.home / "channel"), "--compression", "1")
    assert done.returncode == 0, done.stderr
    assert not list((user.home / "root/builds").glob("[!.]*"))
