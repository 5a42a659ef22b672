"""A notebook's file: nothing changes but what was meant to."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from jupyter_envs.errors import NotFoundError, SpecError, StorageError
from jupyter_envs.notebooks.document import read_notebook, with_metadata, write_notebook


def written(path: Path) -> Path:
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("print('ä → b')"), nbformat.v4.new_markdown_cell("text")],
        metadata={"kernelspec": {"name": "k", "display_name": "K", "language": "python"}, "zzz": 1},
    )
    nbformat.write(notebook, path)
    return path


def test_only_the_metadata_changes_and_the_next_writing_of_nbformat_changes_nothing(tmp_path: Path) -> None:
    path = written(tmp_path / "n.ipynb")
    path.chmod(0o640)
    before = path.read_text()
    notebook = read_notebook(path)
    assert with_metadata(notebook, zzz=1) is notebook
    write_notebook(with_metadata(notebook, jupyter_envs={"a": ["b"]}))
    after = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o640
    added = [line for line in after.splitlines() if line not in before.splitlines()]
    assert [line.strip() for line in added] == ['"jupyter_envs": {', '"a": [', '"b"']
    nbformat.write(nbformat.read(path, as_version=4), path)
    assert path.read_text() == after
    write_notebook(with_metadata(read_notebook(path), jupyter_envs={"a": ["c"]}))
    assert json.loads(path.read_text())["metadata"]["jupyter_envs"] == {"a": ["c"]}


def test_a_notebook_that_is_a_link_stays_one(tmp_path: Path) -> None:
    path = written(tmp_path / "n.ipynb")
    link = tmp_path / "link.ipynb"
    link.symlink_to(path)
    write_notebook(with_metadata(read_notebook(link), x=1))
    assert link.is_symlink()
    assert json.loads(path.read_text())["metadata"]["x"] == 1


def test_indentation_and_the_end_of_the_file_stay(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}, indent=4))
    write_notebook(with_metadata(read_notebook(path), x=1))
    assert path.read_text().startswith('{\n    "nbformat": 4')
    assert path.read_text().endswith("}")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "not a notebook", "give an .ipynb"),
        ("[]", "not a notebook", "give an .ipynb"),
        ('{"nbformat": 4}', "not a notebook", "give an .ipynb"),
        ('{"nbformat": 3, "worksheets": []}', "notebook format 3", "save it in JupyterLab"),
    ],
)
def test_what_is_no_notebook_is_refused(tmp_path: Path, text: str, message: str, hint: str) -> None:
    path = tmp_path / "n.ipynb"
    path.write_text(text)
    with pytest.raises(SpecError, match=message) as caught:
        read_notebook(path)
    assert hint in caught.value.hint
    assert caught.value.code == "exchange.notebook"


def test_files_that_are_not_there_or_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no notebook"):
        read_notebook(tmp_path / "none.ipynb")
    (tmp_path / "binary.ipynb").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecError, match="not a notebook"):
        read_notebook(tmp_path / "binary.ipynb")
    notebook = read_notebook(written(tmp_path / "n.ipynb"))
    (tmp_path / "n.ipynb").unlink()
    tmp_path.rename(tmp_path.with_name("moved"))
    with pytest.raises(StorageError, match="writing"):
        write_notebook(notebook)


def test_the_language_is_what_kernel_or_cells_say(tmp_path: Path) -> None:
    notebook = read_notebook(written(tmp_path / "n.ipynb"))
    assert notebook.language == "python"
    assert with_metadata(notebook, kernelspec={"name": "ir", "language": "R"}).language == "r"
    assert with_metadata(notebook, kernelspec={}, language_info={"name": "julia"}).language == "julia"
    assert with_metadata(notebook, kernelspec=None, language_info=None).language == "python"
