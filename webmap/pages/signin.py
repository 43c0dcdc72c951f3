"""What the sign-in page shows beside its form."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask

from webmap import accounts
from webmap.current import services, settings
from webmap.i18n import keep_choice

bp = Blueprint("signin", __name__)


@bp.record
def _on_register(state: Any) -> None:
    app: Flask = state.app
    app.extensions["security"].login_context_processor(sign_in_words)


def sign_in_words() -> dict[str, Any]:
    """Demo accounts, when this is a demonstration."""
    keep_choice()
    return {"demo_accounts": accounts.demo_accounts(services()) if settings().demo else []}
