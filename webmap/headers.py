"""What every answer carries: content policy with a nonce, request id, and what browsers must not do."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request

#: Content policy. ``style-src-attr`` is its only relaxation: drawn tooltips and map markers
#: place themselves by style attributes.
_POLICY = (
    "default-src 'none'; base-uri 'none'; object-src 'none'; form-action 'self'; "
    "frame-ancestors 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; style-src 'self' 'nonce-{nonce}'; "
    "style-src-attr 'unsafe-inline'; script-src 'self' 'nonce-{nonce}'"
)
_PERMISSIONS = (
    "accelerometer=(), autoplay=(), camera=(self), display-capture=(), fullscreen=(self), "
    "geolocation=(self), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()"
)


def init_app(app: Flask) -> None:
    """Give every request an id and a nonce, and every answer its headers."""
    app.before_request(_name_request)
    app.after_request(_add_headers)


def nonce() -> str:
    """The nonce of this answer's own scripts and styles."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    found: str = g.csp_nonce
    return found


def request_id() -> str:
    """A name for this request that a person can quote: 12 hexadecimal digits."""
    if "request_id" not in g:
        g.request_id = secrets.token_hex(6)
    found: str = g.request_id
    return found


def _name_request() -> None:
    request_id()
    nonce()


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers["X-Request-ID"] = request_id()
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Permissions-Policy"] = _PERMISSIONS
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if "Content-Security-Policy" not in headers:
        headers["Content-Security-Policy"] = _POLICY.format(nonce=nonce())
    if request.is_secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if response.mimetype == "text/html" or "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    return response
