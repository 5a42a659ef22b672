"""Kinds of recipes: a Python extension module, several outputs with run exports, patched and git sources, variants."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from conda_package_streaming.package_streaming import stream_conda_component

from jupyter_envs.build.models import BuiltPackage
from jupyter_envs.errors import BuildError
from jupyter_envs.settings import Settings
from support.channel import Channel
from support.recipes import HELLO_SOURCES, build, install, write_recipe

SPAM_C = """\
#define PY_SSIZE_T_CLEAN
#include <Python.h>
static PyObject *answer(PyObject *self, PyObject *none) { return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_spam", NULL, -1, methods};
PyMODINIT_FUNC PyInit__spam(void) { return PyModule_Create(&module); }
"""
SPAM_META = """\
package: {name: spam, version: "2.1"}
source: {path: src}
requirements:
  build: ["{{ compiler('c') }}"]
  host: [python]
  run: [python]
test:
  imports: [spam]
  files: [check.py]
  commands: [python check.py]
"""
SPAM_BUILD = """\
config() { "$PYTHON" -c "import sysconfig; print($1)"; }
mkdir -p "$SP_DIR/spam"
$CC $CFLAGS -I"$(config 'sysconfig.get_paths()["include"]')" -shared _spam.c \\
    -o "$SP_DIR/spam/_spam$(config 'sysconfig.get_config_var("EXT_SUFFIX")')"
echo "from spam._spam import answer" > "$SP_DIR/spam/__init__.py"
"""


def info(package: BuiltPackage, name: str) -> Any:
    for tar, member in stream_conda_component(package.path, component="info"):
        stream = tar.extractfile(member)
        if member.name == f"info/{name}.json" and stream:
            return json.loads(stream.read())
    raise KeyError(name)


def test_an_extension_module_on_a_python_of_this_machine(settings: Settings, tmp_path: Path) -> None:
    check = "import spam, sys; assert spam.answer() == 42; assert spam.__file__.startswith(sys.prefix)\n"
    files = {"meta.yaml": SPAM_META, "build.sh": SPAM_BUILD, "src/_spam.c": SPAM_C, "check.py": check}
    output = tmp_path / "out"
    recipe = write_recipe(tmp_path / "recipe", files)
    (package,) = build(settings, output, recipe, sources=("conda", "interpreter")).packages
    assert package.dist.split("-")[2].startswith("py311h" if package.dist.count("py311") else "py3")
    depends = {text.split()[0]: text for text in info(package, "index")["depends"]}
    minor = package.dist.split("-py3")[1].split("h")[0]
    assert depends["python"] == f"python >=3.{minor},<3.{int(minor) + 1}.0a0", "pinned as no run exports say it"
    paths = [entry["_path"] for entry in info(package, "paths")["paths"]]
    assert any("__pycache__/__init__" in path for path in paths), "compiled by the host's Python"
    again = build(settings, tmp_path / "again", recipe, sources=("conda", "interpreter")).packages[0]
    assert Path(again.path).read_bytes() == Path(package.path).read_bytes()


def test_a_module_for_one_platform_and_all_pythons(settings: Settings, tmp_path: Path) -> None:
    """CEP 20: laid out like ``noarch: python``, in the folder of its platform, with its binary."""
    build_section = "build: {python_version_independent: true, entry_points: ['spam = spam:say']}\n"
    meta = SPAM_META.replace("requirements:", f"{build_section}requirements:")
    meta = meta.replace("run: [python]", "run: [python >=3.9]").replace("python check.py", "spam")
    script = SPAM_BUILD.replace("$CC", "$CC -DPy_LIMITED_API=0x03090000")
    script = script.replace("$(config 'sysconfig.get_config_var(\"EXT_SUFFIX\")')", ".abi3.so")
    script += "printf 'def say():\\n    print(answer())\\n' >> \"$SP_DIR/spam/__init__.py\"\n"
    check = "import spam, sys; assert spam.answer() == 42\n"
    files = {"meta.yaml": meta, "build.sh": script, "src/_spam.c": SPAM_C, "check.py": check}
    recipe = write_recipe(tmp_path / "recipe", files)
    (package,) = build(settings, tmp_path / "out", recipe, sources=("conda", "interpreter")).packages
    index = info(package, "index")
    assert (index["subdir"], index["noarch"], index["platform"]) == ("linux-64", "python", "linux")
    assert "python >=3.9" in index["depends"]
    paths = {entry["_path"] for entry in info(package, "paths")["paths"]}
    assert paths == {"site-packages/spam/__init__.py", "site-packages/spam/_spam.abi3.so"}
    assert info(package, "link")["noarch"] == {"type": "python", "entry_points": ["spam = spam:say"]}


META_OUTPUTS = """\
{% set version = "1.4.2" %}
package: {name: greet-split, version: "{{ version }}"}
source: {path: src}
build: {number: 2}
requirements:
  build: ["{{ compiler('c') }}"]
outputs:
  - name: libgreet
    files: [lib]
    build:
      run_exports: ["{{ pin_subpackage('libgreet', max_pin='x.x') }}"]
  - name: greet
    script: install_program.sh
    requirements:
      build: ["{{ compiler('c') }}"]
      host: ["{{ pin_subpackage('libgreet', exact=True) }}"]
    test:
      commands: [hello]
  - name: greet-all
    requirements:
      - {{ pin_subpackage('greet', exact=True) }}
      - {{ pin_subpackage('libgreet', max_pin='x') }}
"""
RECIPE_OUTPUTS = """\
schema_version: 1
recipe: {name: greet-split, version: "1.4.2"}
source: {path: src}
build: {number: 2}
outputs:
  - package: {name: libgreet}
    build: {script: build.sh}
    requirements:
      build: ["${{ compiler('c') }}"]
      run_exports: ["${{ pin_subpackage('libgreet', upper_bound='x.x') }}"]
  - package: {name: greet}
    build: {script: install_program.sh}
    requirements:
      build: ["${{ compiler('c') }}"]
      host: ["${{ pin_subpackage('libgreet', exact=True) }}"]
    tests:
      - script: [hello]
  - package: {name: greet-all}
    requirements:
      run:
        - ${{ pin_subpackage('greet', exact=True) }}
        - ${{ pin_subpackage('libgreet', upper_bound='x') }}
"""
STAGED_OUTPUTS = """\
schema_version: 1
recipe: {name: greet-split, version: "1.4.2"}
source: {path: src, filter: ["*.c"]}
build: {number: 2}
outputs:
  - staging: {name: built}
    build: {script: {file: everything}}
    requirements: {build: ["${{ compiler('c') }}"]}
  - package: {name: libgreet}
    inherit: built
    build: {files: [lib/**]}
    requirements:
      run_exports: ["${{ pin_subpackage('libgreet', upper_bound='x.x') }}"]
  - package: {name: greet}
    inherit: built
    build: {files: {include: ["**"], exclude: [lib/**]}}
    requirements:
      host: ["${{ pin_subpackage('libgreet', exact=True) }}"]
    tests:
      - script: [hello, test ! -e $PREFIX/share/doc]
  - package: {name: greet-all}
    build: {script: [test -f main.c, test ! -e $PREFIX/bin/hello]}
    requirements:
      run:
        - ${{ pin_subpackage('greet', exact=True) }}
        - ${{ pin_subpackage('libgreet', upper_bound='x') }}
"""
LIBRARY = """\
mkdir -p "$PREFIX/lib"
$CC -shared -DPLACE='"here"' -Wl,-soname,libgreet.so.1 -o "$PREFIX/lib/libgreet.so.1" greet.c
ln -s libgreet.so.1 "$PREFIX/lib/libgreet.so"
"""
PROGRAM = 'mkdir -p "$PREFIX/bin"\n$CC -o "$PREFIX/bin/hello" main.c $LDFLAGS -lgreet\n'


@pytest.mark.parametrize(
    ("name", "text"),
    [("meta.yaml", META_OUTPUTS), ("recipe.yaml", RECIPE_OUTPUTS), ("recipe.yaml", STAGED_OUTPUTS)],
    ids=["meta.yaml", "recipe.yaml", "staging"],
)
def test_outputs_of_one_recipe_with_run_exports(settings: Settings, tmp_path: Path, name: str, text: str) -> None:
    files = {**HELLO_SOURCES, name: text, "build.sh": LIBRARY, "install_program.sh": PROGRAM}
    files["everything.sh"] = f"test ! -e LICENSE\n{LIBRARY}{PROGRAM}"
    output = tmp_path / "out"
    report = build(settings, output, write_recipe(tmp_path / "recipe", files))
    library, program, everything = report.packages
    assert not [warning for warning in report.warnings if "needs" in warning], "all libraries are accounted for"
    assert info(library, "run_exports") == {"weak": ["libgreet >=1.4.2,<1.5.0a0"]}
    needs = [text for text in info(program, "index")["depends"] if "glibc" not in text]
    assert needs == ["libgreet >=1.4.2,<1.5.0a0"], "from the run exports of what is in host"
    assert len(needs) < len(info(program, "index")["depends"]), "this machine's compiler made it, wherever it ran"
    exact = f"greet 1.4.2 {program.dist.split('-')[-1]}"
    assert info(everything, "index")["depends"] == [exact, "libgreet >=1.4.2,<2.0a0"]
    prefix = install(settings, "a", "greet-all", channels=(output,))
    said = subprocess.run([prefix / "bin/hello"], capture_output=True, text=True, check=True).stdout
    assert said == "hello from here\n"
    exports = json.loads((output / library.subdir / "run_exports.json").read_text())
    assert exports["packages.conda"][f"{library.dist}.conda"]["run_exports"] == info(library, "run_exports")


TWO_STAGES = """\
recipe: {name: stages, version: "1"}
source: {path: src}
outputs:
  - staging: {name: first}
    build: {script: ["mkdir -p $PREFIX/share", "cp from $PREFIX/share/first", "echo changed > from"]}
  - staging: {name: second}
    requirements: {host: [one]}
    build: {script: ["cp from $PREFIX/share/second", "cat $PREFIX/share/first >> $PREFIX/share/second"]}
  - package: {name: two}
    inherit: second
    build: {files: [share/second]}
    requirements: {run: ["${{ pin_subpackage('one', exact=True) }}"]}
  - package: {name: one}
    inherit: first
    build: {files: [share/first]}
"""


def test_each_of_two_staging_outputs_begins_with_the_sources(settings: Settings, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path / "recipe", {"recipe.yaml": TWO_STAGES, "src/from": "source\n"})
    one, two = build(settings, tmp_path / "out", recipe).packages
    assert (one.dist.split("-")[0], two.dist.split("-")[0]) == ("one", "two"), "what the other needs comes first"
    assert packaged(one) == {"share/first": b"source\n"}
    assert packaged(two) == {"share/second": b"source\nsource\n"}
    assert info(two, "index")["depends"] == [f"one 1 {one.dist.split('-')[-1]}"]


PATCH = """\
--- a/text.txt
+++ b/text.txt
@@ -1 +1 @@
-old
+new
"""
TAKE = 'mkdir -p "$PREFIX/share"; cp -r . "$PREFIX/share/work"\n'


def packaged(package: BuiltPackage) -> dict[str, bytes]:
    found = {}
    for tar, member in stream_conda_component(package.path, component="pkg"):
        stream = tar.extractfile(member)
        found[member.name.removeprefix("share/work/")] = stream.read() if stream else b""
    return found


def test_sources_in_folders_patched_and_from_git(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "top").mkdir()
    (tmp_path / "top/text.txt").write_text("old\n")
    with tarfile.open(tmp_path / "s.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "top", arcname="s-1.0")
    repository = tmp_path / "repository"
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    (repository / "tracked").write_text("first\n")
    subprocess.run([*git, "add", "tracked"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "one"], check=True)
    subprocess.run([*git, "tag", "v1"], check=True)
    (repository / "tracked").write_text("second\n")
    subprocess.run([*git, "commit", "-qam", "two"], check=True)
    meta = f"""\
package: {{name: many, version: "1"}}
source:
  - url: {(tmp_path / "s.tar.gz").as_uri()}
    sha256: {hashlib.sha256((tmp_path / "s.tar.gz").read_bytes()).hexdigest()}
    patches: [fix.patch]
  - git_url: {repository}
    git_rev: v1
    folder: from_git
  - path: extra.txt
    folder: sub/folder
  - url: {(tmp_path / "s.tar.gz").as_uri()}
    sha256: {hashlib.sha256((tmp_path / "s.tar.gz").read_bytes()).hexdigest()}
    folder: whole
    no_hoist: true
  - git_url: {repository}
    folder: as_it_is
"""
    files = {"meta.yaml": meta, "fix.patch": PATCH, "extra.txt": "extra\n", "build.sh": TAKE}
    recipe = write_recipe(tmp_path / "recipe", files)
    held = packaged(build(settings, tmp_path / "out", recipe).packages[0])
    assert held["text.txt"] == b"new\n"
    assert held["from_git/tracked"] == b"first\n"
    assert held["sub/folder/extra.txt"] == b"extra\n"
    assert held["whole/s-1.0/text.txt"] == b"old\n"
    assert held["as_it_is/tracked"] == b"second\n"
    assert not [name for name in held if "/.git/" in name], "histories do not get into packages"
    write_recipe(recipe, {"fix.patch": PATCH.replace("old", "other")})
    with pytest.raises(BuildError, match=r"fix\.patch does not apply") as caught:
        build(settings, tmp_path / "out", recipe, force=True)
    assert caught.value.code == "build.patch"


def test_hard_links_stay_one_file_and_link_scripts_run(settings: Settings, tmp_path: Path) -> None:
    meta = 'package: {name: h, version: "1"}\nbuild: {post-link: after.sh}\n'
    script = 'mkdir -p "$PREFIX/bin"; echo same > "$PREFIX/bin/one"; ln "$PREFIX/bin/one" "$PREFIX/bin/two"\n'
    files = {"meta.yaml": meta, "build.sh": script, "after.sh": 'echo "$PKG_NAME" > "$PREFIX/linked"\n'}
    (package,) = build(settings, tmp_path / "out", write_recipe(tmp_path / "recipe", files)).packages
    kinds = {member.name: member.type for _, member in stream_conda_component(package.path, component="pkg")}
    assert kinds == {"bin/.h-post-link.sh": tarfile.REGTYPE, "bin/one": tarfile.REGTYPE, "bin/two": tarfile.LNKTYPE}
    prefix = install(settings, "e", "h", channels=(tmp_path / "out",))
    assert (prefix / "bin/two").read_text() == "same\n"
    assert (prefix / "linked").read_text() == "h\n"


def test_each_variant_becomes_a_package(settings: Settings, tmp_path: Path, channel: Channel) -> None:
    for version in ("1.0", "2.0"):
        channel.add("zlib", version, files={f"include/{version}.h": ""})
    channel.index()
    meta = 'package: {name: v, version: "1"}\nrequirements: {host: [zlib], run: ["{{ pin_compatible(\'zlib\') }}"]}\n'
    files = {
        "meta.yaml": meta,
        "conda_build_config.yaml": 'zlib: ["1", "2"]\nflavour: [a, b]\nzip_keys: [[zlib, flavour]]\n',
        "build.sh": 'mkdir -p "$PREFIX/share"; ls "$PREFIX/include" > "$PREFIX/share/v-$flavour.txt" || true\n',
    }
    recipe = write_recipe(tmp_path / "recipe", files)
    packages = build(settings, tmp_path / "out", recipe, channels=(str(channel.folder),)).packages
    assert [info(package, "index")["depends"] for package in packages] == [["zlib >=1.0,<2.0a0"], ["zlib >=2.0,<3.0a0"]]
    assert len({package.dist for package in packages}) == 2


def test_scripts_see_what_is_documented_and_nothing_of_the_caller(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAK", "leaked")
    monkeypatch.setenv("TOKEN", "s3cret-value")
    meta = 'package: {name: e, version: "1.5"}\nbuild: {number: 3, script_env: [TOKEN, GIVEN=given]}\n'
    script = 'mkdir -p "$PREFIX/share"; env > "$PREFIX/share/env"; cat /proc/net/dev > "$PREFIX/share/net"\n'
    meta += 'test: {commands: ["test -e $PREFIX/share/env && test $SHLIB_EXT = .so && test $CPU_COUNT -ge 1"]}\n'
    recipe = write_recipe(tmp_path / "recipe", {"meta.yaml": meta, "build.sh": script})
    (package,) = build(settings, tmp_path / "out", recipe).packages
    held = packaged(package)
    seen = dict(line.split("=", 1) for line in held["share/env"].decode().splitlines() if "=" in line)
    assert "LEAK" not in seen
    assert (seen["TOKEN"], seen["GIVEN"]) == ("s3cret-value", "given")
    assert (seen["PKG_NAME"], seen["PKG_VERSION"], seen["PKG_BUILDNUM"]) == ("e", "1.5", "3")
    assert seen["PKG_BUILD_STRING"] == package.dist.split("-")[-1]
    assert len(seen["PREFIX"]) == 255
    assert seen["HOME"].startswith(settings.root)
    assert {line.split(":")[0].strip() for line in held["share/net"].decode().splitlines()[2:]} == {"lo"}
