"""conda's history text and our generations."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from jupyter_envs.engine.history.conda_history import (
    dist_text,
    history_entry,
    requested_from_history,
    spec_name,
)
from jupyter_envs.engine.history.generations import (
    encode_generation,
    find_latest,
    generation_path,
    read_generation,
    read_generations,
)
from jupyter_envs.engine.models.plan import Generation, PackageChange
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.errors import NotFoundError

NUMPY = RepodataRecord(
    name="numpy",
    version="2.0",
    build="0",
    subdir="linux-64",
    fn="numpy-2.0-0.conda",
    url="u",
    channel="https://c.test/main/",
)
POLARS = RepodataRecord(
    name="polars",
    version="1.0",
    build="py3_none_any_0",
    fn="polars-1.0-py3-none-any.whl",
    url="u",
    channel="https://i.test/simple",
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("numpy", "numpy"),
        ("numpy>=2,<3", "numpy"),
        ("numpy 1.26.*", "numpy"),
        ("conda-forge::NumPy=2", "numpy"),
        ("pypi::scikit-learn[extra]>=1", "scikit-learn"),
        ("interpreter::python=3.11", "python"),
        ("ruamel.yaml", "ruamel.yaml"),
        ("numpy[version='>=2']", "numpy"),
        ("_libgcc_mutex", "_libgcc_mutex"),
    ],
)
def test_the_name_of_a_spec(text: str, name: str) -> None:
    assert spec_name(text) == name


def test_an_entry_reads_as_conda_writes_it() -> None:
    entry = history_entry(
        [
            PackageChange(name="numpy", kind="added", after=NUMPY),
            PackageChange(name="polars", kind="removed", before=POLARS),
        ],
        command="jupyter envs install a numpy",
        when=datetime(2026, 1, 2, 3, 4, 5),
        tool="jupyter-envs 1",
        updated=["numpy>=2"],
        removed=["pypi::polars"],
    )
    assert entry.splitlines() == [
        "==> 2026-01-02 03:04:05 <==",
        "# cmd: jupyter envs install a numpy",
        "# tool: jupyter-envs 1",
        "-pypi/noarch::polars-1.0-py3_none_any_0",
        "+main/linux-64::numpy-2.0-0",
        "# update specs: ['numpy>=2']",
        "# remove specs: ['pypi::polars']",
    ]
    assert requested_from_history(entry) == ("numpy>=2",)


def test_requested_specs_are_followed_through_the_revisions() -> None:
    text = """
==> 2024-01-01 00:00:00 <==
# cmd: conda create -n x python=3.11 numpy
+defaults/linux-64::python-3.11.7-h1
# update specs: ['python=3.11', 'numpy']
==> 2024-01-02 00:00:00 <==
# update specs: ["numpy<2", 'pandas']
# update specs: [not python
==> 2024-01-03 00:00:00 <==
# remove specs: ['pandas']
"""
    assert requested_from_history(text) == ("python=3.11", "numpy<2")


def test_an_interpreter_is_named_as_such() -> None:
    record = RepodataRecord(
        name="python", version="3.11.7", build="interpreter_1_0", subdir="linux-64", fn="f", url="interpreter:///p"
    )
    assert dist_text(record) == "interpreter/linux-64::python-3.11.7-interpreter_1_0"


def _generation(number: int, version: int = 1) -> Generation:
    return Generation(
        number=number,
        action="create",
        command="c",
        created_at="2026-01-01T00:00:00+00:00",
        requested=("numpy",),
        records=(NUMPY,),
        generation_version=version,
    )


def _store(prefix: Path, generation: Generation) -> None:
    path = prefix / generation_path(generation.number)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_generation(generation))


def test_generations_come_back_as_they_were_written(tmp_path: Path) -> None:
    assert find_latest(tmp_path) is None
    for number in (1, 2, 10):
        _store(tmp_path, _generation(number))
    assert read_generations(tmp_path) == [_generation(1), _generation(2), _generation(10)]
    assert find_latest(tmp_path) == _generation(10)


def test_a_generation_that_is_not_there_or_unreadable_is_named(tmp_path: Path) -> None:
    _store(tmp_path, _generation(1))
    with pytest.raises(NotFoundError, match="no generation 7") as caught:
        read_generation(tmp_path, 7)
    assert caught.value.hint == "it has 1 to 1"
    (tmp_path / generation_path(2)).write_text("{")
    with pytest.raises(NotFoundError, match="cannot be read"):
        read_generation(tmp_path, 2)
    _store(tmp_path, _generation(3, version=99))
    with pytest.raises(NotFoundError, match="newer version"):
        read_generation(tmp_path, 3)
