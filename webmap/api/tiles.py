"""Vector tiles."""

from __future__ import annotations

import re

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from webmap.current import person, services

bp = Blueprint("tiles", __name__)

MOST_ZOOM = 22
_NUMBER = re.compile(r"0|[1-9][0-9]{0,6}")
_KEEP_S = 86_400


@bp.get("/tiles/<layer>/<z>/<x>/<y>.mvt")
def tile(layer: str, z: str, x: str, y: str) -> Response:
    """One tile of one layer within the person's permission; 204 where there is nothing."""
    zoom, column, row = parse_tile(z, x, y)
    data = services().tiles.tile(person(), layer, zoom, column, row)
    response = Response(data, 200 if data else 204, mimetype="application/vnd.mapbox-vector-tile")
    # Only an address that names version and permission, as the catalogue gives it, may be kept:
    # the next person at the same browser would get it too.
    if request.args.keys() >= {"v", "p"}:
        response.headers["Cache-Control"] = f"private, max-age={_KEEP_S}"
    return response


def parse_tile(z: str, x: str, y: str) -> tuple[int, int, int]:
    """Zoom, column and row of an address.

    Raises
    ------
    NotFound
        For anything but plain decimal numbers of a tile that exists.
    """
    if not all(_NUMBER.fullmatch(text) for text in (z, x, y)):
        raise NotFound
    zoom, column, row = int(z), int(x), int(y)
    if zoom > MOST_ZOOM or column >= 2**zoom or row >= 2**zoom:
        raise NotFound
    return zoom, column, row
