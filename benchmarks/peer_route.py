"""The program's application with one more route: the same window, written the usual way."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, Flask, Response
from shapely.geometry import mapping

from webmap.api.layers import ListQuery, next_address
from webmap.app import create_app
from webmap.current import person, services
from webmap.validated import validated

bp = Blueprint("usual", __name__, url_prefix="/api/v1/usual")


@bp.get("/<layer>/features")
@validated(query=ListQuery)
def features(layer: str, query: ListQuery) -> Response:
    """A page of features: an object of each, ``mapping()`` for its shape, orjson for the rest."""
    window = services().layers.window(
        person(), layer, query.box, equal=query.equal, after=query.after, limit=query.limit
    )
    view, fields = window.seen.view, window.seen.permission.fields
    columns = view.take(window.rows, fields)
    shapes, keys = view.geometry(window.rows), view.keys(window.rows)
    written: list[dict[str, Any]] = []
    for i in range(len(window.rows)):
        written.append(
            {
                "type": "Feature",
                "id": keys[i],
                "properties": {name: columns[name][i] for name in fields},
                "geometry": mapping(shapes[i]),
            }
        )
    following = next_address(layer, window.after)
    links = [] if following is None else [{"rel": "next", "href": following}]
    body = {
        "type": "FeatureCollection",
        "features": written,
        "numberReturned": len(written),
        "links": links,
        "total": window.matched,
        "next": following,
    }
    return Response(orjson.dumps(body), mimetype="application/geo+json")


def application() -> Flask:
    """The application of the environment's deployment with the route."""
    app = create_app()
    app.register_blueprint(bp)
    return app
