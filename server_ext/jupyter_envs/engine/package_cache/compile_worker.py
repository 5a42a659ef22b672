"""Compiles Python files; run by an environment's own Python, so it imports nothing but the standard library.

One job a line on stdin (JSON: ``root``, ``target``, ``paths``), one answer a line on stdout (JSON: ``files``,
``failed``). The files are what ``import`` itself would write: timestamp-based, with time and size of the source as it
lies in the cache. ``import`` replaces the file name inside by where it found the file, so the package-relative name is
all that is kept.
"""

import hashlib
import importlib.util
import json
import marshal
import os
import struct
import sys


def main():  # type: () -> None
    """Say which Python this is, then answer jobs until stdin ends."""
    if hasattr(os, "nice"):
        os.nice(10)
    tag = sys.implementation.cache_tag
    sys.stdout.write(json.dumps({"cache_tag": tag}) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        job = json.loads(line)
        files, failed = compile_files(job["root"], job["target"], job["paths"], tag)
        sys.stdout.write(json.dumps({"files": files, "failed": failed}) + "\n")
        sys.stdout.flush()


def compile_files(root, target, paths, tag):  # type: (str, str, list[str], str) -> tuple[list[list[object]], int]
    """Compile ``paths`` below ``root`` into ``target``; return [path, sha256, size] of each, and how many failed."""
    files = []
    failed = 0
    made = set()  # type: set[str]
    for path in paths:
        folder, _, name = path.rpartition("/")
        compiled = f"{folder}/__pycache__/{name[:-3]}.{tag}.pyc"
        try:
            content = compile_file(root + "/" + path, path)
        except (SyntaxError, ValueError, UnicodeError, RecursionError, MemoryError):
            failed += 1  # test data, templates and code for other versions of Python: import would fail as well
            continue
        if folder not in made:
            os.makedirs(f"{target}/{folder}/__pycache__", exist_ok=True)
            made.add(folder)
        with open(target + "/" + compiled, "xb") as stream:  # noqa: PTH123
            stream.write(content)
        files.append([compiled, hashlib.sha256(content).hexdigest(), len(content)])
    return files, failed


def compile_file(source, name):  # type: (str, str) -> bytes
    """Return the content of the compiled file (PEP 552, timestamp-based)."""
    with open(source, "rb") as stream:  # noqa: PTH123
        text = stream.read()
        found = os.fstat(stream.fileno())
    code = compile(text, name, "exec", 0, True, -1)
    flags = struct.pack("<L", 0) if sys.version_info >= (3, 7) else b""
    times = struct.pack("<LL", int(found.st_mtime) & 0xFFFFFFFF, found.st_size & 0xFFFFFFFF)
    return importlib.util.MAGIC_NUMBER + flags + times + marshal.dumps(code)


if __name__ == "__main__":
    main()
