"""Static files: addresses that change with the content, and the import map of our modules."""

from __future__ import annotations

import gzip
import hashlib
import json
import mimetypes
from functools import cache
from pathlib import Path

from flask import Flask, Response, request, url_for
from markupsafe import Markup

STATIC = Path(__file__).parent / "static"
#: Bare names under which modules import what others wrote.
VENDOR_MODULES = {
    "maplibre-gl": "vendor/maplibre-gl/maplibre-gl.mjs",
    "terra-draw": "vendor/terra-draw/terra-draw.module.js",
    "terra-draw-maplibre-gl-adapter": (
        "vendor/terra-draw-maplibre-gl-adapter/terra-draw-maplibre-gl-adapter.module.js"
    ),
}
_YEAR_S = 31_536_000

# Machines differ in what they call these; browsers refuse modules of another type.
mimetypes.add_type("text/javascript", ".mjs")
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("application/manifest+json", ".webmanifest")


def init_app(app: Flask) -> None:
    """Make ``asset`` and ``import_map`` known to templates, and let browsers keep what cannot change."""
    app.jinja_env.globals.update(asset=asset, import_map=import_map)
    app.after_request(_let_keep)
    app.after_request(_squeeze)


@cache
def digest_of(name: str) -> str:
    """First 12 hexadecimal digits of the sha256 of the static file `name`.

    Raises
    ------
    FileNotFoundError
        When there is no such file: a template names what is not shipped.
    """
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """Address of the static file `name`, with its digest."""
    return url_for("static", filename=name, v=digest_of(name))


@cache
def module_files() -> dict[str, str]:
    """Names of our modules (``cityops/map/style``) and of the vendored ones, with their files."""
    own = {
        "cityops/" + path.relative_to(STATIC / "js").with_suffix("").as_posix(): (
            path.relative_to(STATIC).as_posix()
        )
        for path in sorted((STATIC / "js").rglob("*.js"))
    }
    return own | VENDOR_MODULES


def import_map() -> Markup:
    """The JSON of the import map: every module by name, at an address that changes with it."""
    imports = {name: asset(file) for name, file in module_files().items()}
    text = json.dumps({"imports": imports}, ensure_ascii=True, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - our own file names, "<" escaped


#: Files that shrink; the others are compressed already.
_SHRINKING = frozenset({".js", ".mjs", ".css", ".svg", ".json", ".webmanifest"})
_WORTH_BYTES = 1400


@cache
def _gzipped(name: str, _digest: str) -> bytes:
    return gzip.compress((STATIC / name).read_bytes(), 9, mtime=0)


def _squeeze(response: Response) -> Response:
    """Send a static text file compressed, made once per process, to a browser that takes it."""
    name = (request.view_args or {}).get("filename", "")
    if (
        request.endpoint != "static"
        or response.status_code != 200
        or Path(name).suffix not in _SHRINKING
    ):
        return response
    response.headers.add("Vary", "Accept-Encoding")
    small = (response.content_length or 0) < _WORTH_BYTES
    if small or "gzip" not in request.accept_encodings or "Range" in request.headers:
        return response
    etag, _weak = response.get_etag()
    data = _gzipped(name, digest_of(name))
    response.direct_passthrough = False
    response.set_data(data)
    response.headers["Content-Encoding"] = "gzip"
    if etag is not None:
        response.set_etag(etag, weak=True)
    return response


def _let_keep(response: Response) -> Response:
    if request.endpoint != "static" or response.status_code not in (200, 206, 304):
        return response
    name = (request.view_args or {}).get("filename", "")
    asked = request.args.get("v")
    fresh = asked is not None and _is_digest_of(asked, name)
    response.headers["Cache-Control"] = (
        f"public, max-age={_YEAR_S}, immutable" if fresh else "no-cache"
    )
    return response


def _is_digest_of(asked: str, name: str) -> bool:
    try:
        return digest_of(name) == asked
    except OSError:
        return False
