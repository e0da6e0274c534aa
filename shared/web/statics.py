"""Scripts, styles and pictures, held in memory as browsers get them: lean, and compressed."""

import functools
import gzip
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar import HttpMethod, Request, Response, Router, route
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from shared.web import joining

KEPT_FOR_EVER = "public, max-age=31536000, immutable"
"""Their address changes with their content."""
COMPRESSED_FROM = 500
COMMENT_BLOCK = re.compile(r"^[ \t]*/\*(?:(?!\*/)[\s\S])*\*/[ \t]*$", re.M)
COMMENT_LINE = re.compile(r"^[ \t]*//.*$", re.M)
INDENT = re.compile(r"^[ \t]+", re.M)


@dataclass(frozen=True, slots=True)
class StaticFile:
    content: bytes
    compressed: bytes | None
    """None for what gzip does not make smaller worth its while."""
    media_type: str


@functools.cache
def static_files(*folders: Path) -> dict[str, StaticFile]:
    """By path below static/; where two folders have the same path, the first one counts.

    Of the scripts only those that no other one imports: each has what it imports in it.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted((folder / "static").rglob("*")):
            if path.is_file():
                found.setdefault(path.relative_to(folder / "static").as_posix(), path)
    scripts = {n: p.read_text("utf-8") for n, p in found.items() if p.suffix == ".js"}
    return {n: _read(p) for n, p in found.items() if n not in scripts} | _joined(scripts)


def _joined(scripts: dict[str, str]) -> dict[str, StaticFile]:
    imported = {other for name, text in scripts.items() for other in joining.imports(name, text)}
    files = {}
    for entry in scripts.keys() - imported:
        joined = joining.join_modules(entry, scripts, lean)
        files[entry] = _packed(entry, joined.script.encode())
        files[f"{entry}.map"] = _packed(f"{entry}.json", joined.map.encode())
    return files


def router(address: str, *folders: Path) -> Router:
    files = static_files(*folders)

    @route("/{path:path}", http_method=[HttpMethod.GET, HttpMethod.HEAD], sync_to_thread=False)
    def static(path: FromPath[Path], request: Request[Any, Any, Any]) -> Response[bytes]:
        file = files.get(path.as_posix().removeprefix("/"))
        if file is None:
            raise NotFoundException
        headers = {"Cache-Control": KEPT_FOR_EVER, "Vary": "Accept-Encoding"}
        content = file.content
        if file.compressed and "gzip" in request.headers.get("accept-encoding", ""):
            content = file.compressed
            headers["Content-Encoding"] = "gzip"
        return Response(content, media_type=file.media_type, headers=headers)

    return Router(path=address, route_handlers=[static])


def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    return _packed(path.name, lean(content.decode()).encode() if path.suffix == ".css" else content)


def _packed(name: str, content: bytes) -> StaticFile:
    compressed = gzip.compress(content, mtime=0) if len(content) >= COMPRESSED_FROM else None
    if compressed and len(compressed) > 0.9 * len(content):
        compressed = None
    return StaticFile(
        content, compressed, mimetypes.guess_type(name)[0] or "application/octet-stream"
    )


def lean(text: str) -> str:
    """Without indents and lines of comment: a fifth less to send, and every line keeps its number.

    Right because no script of ours has a text that goes over several lines (a wall test).
    """
    text = COMMENT_BLOCK.sub(lambda block: "\n" * block[0].count("\n"), text)
    return INDENT.sub("", COMMENT_LINE.sub("", text))
