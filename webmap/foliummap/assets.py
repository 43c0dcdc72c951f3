"""What a map file carries inside itself: Leaflet and its style, with pictures as data."""

from __future__ import annotations

import base64
import re
from functools import cache
from pathlib import Path

LEAFLET = Path(__file__).parents[1] / "static" / "vendor" / "leaflet"
_PICTURE = re.compile(r"url\((images/[\w.-]+\.png)\)")


@cache
def leaflet_js() -> str:
    """Leaflet, fit to stand inside a script element."""
    return for_script((LEAFLET / "leaflet.js").read_text("utf-8"))


@cache
def leaflet_css() -> str:
    """Leaflet's style; pictures that are shipped become data, others are left out."""
    return _PICTURE.sub(_as_data, (LEAFLET / "leaflet.css").read_text("utf-8"))


def _as_data(found: re.Match[str]) -> str:
    file = LEAFLET / found[1]
    if not file.is_file():
        return "none"
    return f"url(data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()})"


def for_script(text: str) -> str:
    r"""Program text that cannot end the script element it stands in.

    ``</`` becomes ``<\/`` and ``<!--`` becomes ``<\!--``: the same inside a string of JavaScript.

    Examples
    --------
    >>> for_script('"</script>"')
    '"<\\/script>"'
    """
    return text.replace("</", "<\\/").replace("<!--", "<\\!--")
