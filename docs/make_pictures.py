"""Draw the README's terminal pictures: real commands on a pseudo-terminal, their real output, as SVG.

``.venv/bin/python docs/make_pictures.py`` makes environments in a temporary folder from the configured package index
and writes ``docs/*.svg``. Lines that a progress bar drew over itself are left out.
"""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

HERE = Path(__file__).resolve().parent
WIDTH = 112
PICTURES = {
    "create": ("A new environment", ["create analysis python ipykernel polars --yes"]),
    "undo": ("One step back", ["install analysis tabulate --yes", "history analysis", "undo analysis --yes"]),
    "conflict": ("A conflict", ["create trial 'python=3.11' 'ipython>=9' 'traitlets<5' --yes"]),
}
# Without the web font that rich would have the reader's browser ask for.
SVG_FORMAT = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
    <style>
    .{unique_id}-matrix {{
        font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
        font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width;
    }}
    .{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
    {styles}
    </style>
    <defs><clipPath id="{unique_id}-clip-terminal">
      <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
    </clipPath>{lines}</defs>
    {chrome}
    <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix">{matrix}</g>
    </g>
</svg>
"""


def environ(folder: Path) -> dict[str, str]:
    """Return variables for a root of its own, with an empty channel (so that no host name gets into a picture)."""
    for subdir in ("noarch", "linux-64"):
        (folder / "channel" / subdir).mkdir(parents=True)
        (folder / "channel" / subdir / "repodata.json").write_text('{"packages": {}, "packages.conda": {}}')
    (folder / ".condarc").write_text(f"channels: [{(folder / 'channel').as_uri()}]\n")
    foreign = ("CONDA", "JUPYTER", "VIRTUAL_ENV", "XDG_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {
        "CONDARC": str(folder / ".condarc"),
        "JUPYTER_ENVS_ROOT": str(folder / "root"),
        "JUPYTER_DATA_DIR": str(folder / "jupyter"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": str(WIDTH),
        "TERM": "xterm-256color",
    }


def run(arguments: str, variables: dict[str, str]) -> str:
    """Run ``jupyter envs …`` on a pseudo-terminal and return what it wrote."""
    master, slave = pty.openpty()
    command = ["jupyter", "envs", *shlex.split(arguments)]
    process = subprocess.Popen(command, env=variables, stdin=slave, stdout=slave, stderr=slave, close_fds=True)
    os.close(slave)
    written = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # Linux's way to say that the other side is closed
            break
        if not piece:
            break
        written += piece
    os.close(master)
    process.wait()
    return written.decode("utf-8", "replace")


def settled(text: str) -> list[str]:
    """Return the lines that stay, colours kept."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-ln-z]", "\r", text)
    lines = (line.strip("\r").rpartition("\r")[2].rstrip() for line in text.split("\n"))
    return [line for line in lines if Text.from_ansi(line).plain.strip() and "━" not in line]


def draw(name: str, title: str, blocks: list[tuple[str, list[str]]]) -> None:
    """Write one picture."""
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"), force_terminal=True)  # noqa: PTH123, SIM115
    for command, lines in blocks:
        console.print(Text.assemble(("$ ", "bold green"), (f"jupyter envs {command}", "bold")))
        for line in lines:
            console.print(Text.from_ansi(line), soft_wrap=False)
    console.save_svg(str(HERE / f"{name}.svg"), title=title, theme=MONOKAI, code_format=SVG_FORMAT, unique_id=name)


def main() -> None:
    """Draw all pictures."""
    with tempfile.TemporaryDirectory() as folder:
        variables = environ(Path(folder))
        for name, (title, commands) in PICTURES.items():
            draw(name, title, [(command, settled(run(command, variables))) for command in commands])


if __name__ == "__main__":
    main()
