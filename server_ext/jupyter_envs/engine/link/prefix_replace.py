"""Put the environment's prefix where a package holds its placeholder (pure).

Text: every occurrence is replaced. Binary: the placeholder is replaced inside its C string and the string is padded
with NUL to its old length, so that nothing else moves; only where the placeholder stands whole and a NUL ends the
string. UTF-16 and UTF-32 spellings are replaced too. A prefix longer than the placeholder is refused.
"""

from __future__ import annotations

import re

from jupyter_envs.engine.link.shebang import fix_shebang
from jupyter_envs.engine.models.platform import PlatformLayout
from jupyter_envs.errors import LinkError

_ENCODINGS = (("utf-8", 1), ("utf-16-le", 2), ("utf-16-be", 2), ("utf-32-le", 4), ("utf-32-be", 4))
_NAME_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"


def replace_text(data: bytes, placeholder: str, prefix: str, layout: PlatformLayout) -> bytes:
    """Return ``data`` with every ``placeholder`` replaced, and with a first line that the platform can run."""
    new = _encode(prefix, "utf-8")
    data = data.replace(_encode(placeholder, "utf-8"), new)
    if b"\0" in data:
        wide = {_encode(placeholder, encoding): _encode(prefix, encoding) for encoding, _ in _ENCODINGS[1:]}
        data = re.sub(b"|".join(map(re.escape, wide)), lambda match: wide[match.group()], data)
    return fix_shebang(data, new, layout)


def replace_binary(data: bytes, placeholder: str, prefix: str) -> bytes:
    """Return ``data`` with ``placeholder`` replaced in every C string that holds it whole; the length stays.

    Raises
    ------
    LinkError
        ``link.prefix_too_long``, without a file name: see ``check_binary_fits`` for the message with one.
    """
    for encoding, width in _ENCODINGS:
        old = _encode(placeholder, encoding)
        if old in data:
            data = _replace_c_strings(data, old, _encode(prefix, encoding), width)
    return data


def check_binary_fits(placeholder: str, prefix: str, path: str, dist: str) -> None:
    """Raise ``LinkError`` when ``prefix`` is longer than the placeholder in the binary file ``path`` of ``dist``."""
    room, need = len(_encode(placeholder, "utf-8")), len(_encode(prefix, "utf-8"))
    if need > room:
        raise LinkError(
            f"the environment's path has {need} bytes, and {path} of {dist} has room for {room}",
            hint=f"use a shorter path (at most {room} characters)",
            code="link.prefix_too_long",
            detail={"package": dist, "path": path, "length": need, "limit": room},
        )


def _encode(text: str, encoding: str) -> bytes:
    if encoding == "utf-8":
        return text.encode("utf-8", "surrogateescape")
    return text.encode(encoding, "surrogatepass")


def _replace_c_strings(data: bytes, old: bytes, new: bytes, width: int) -> bytes:
    """Replace in each string that starts with a hit and ends at the next NUL of ``width`` bytes."""
    if len(new) > len(old):
        raise LinkError(
            f"the environment's path has {len(new)} bytes, and a binary file has room for {len(old)}",
            hint=f"use a shorter path (at most {len(old) // width} characters)",
            code="link.prefix_too_long",
        )
    pieces: list[bytes] = []
    done = 0
    start = data.find(old)
    while start >= 0:
        end = _string_end(data, start, width)
        if end < 0:
            break
        body = data[start:end]
        patched = _replace_whole(body, old, new, width)
        pieces += [data[done:start], patched, b"\0" * (len(body) - len(patched))]
        done = end
        start = data.find(old, end)
    pieces.append(data[done:])
    return b"".join(pieces)


def _string_end(data: bytes, start: int, width: int) -> int:
    """Return where the NUL character that ends the string at ``start`` begins, or -1."""
    zero = b"\0" * width
    end = data.find(zero, start)
    while end >= 0 and (end - start) % width:
        end = data.find(zero, end + 1)
    return end


def _replace_whole(body: bytes, old: bytes, new: bytes, width: int) -> bytes:
    """Replace ``old`` where no further character of the same path component follows it."""
    zeros = b"\0" * (width - 1)
    follow = b"(?!%s)" % _name_character(width) if zeros else b"(?![%s])" % _NAME_BYTES
    return re.sub(re.escape(old) + follow, lambda match: new, body)


def _name_character(width: int) -> bytes:
    """Return a pattern for one name character in either byte order of ``width`` bytes."""
    zeros = re.escape(b"\0" * (width - 1))
    return b"(?:[%s]%s|%s[%s])" % (_NAME_BYTES, zeros, zeros, _NAME_BYTES)
