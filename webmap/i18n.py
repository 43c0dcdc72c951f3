"""Languages: Chinese is what the sources are written in; other languages are catalogues."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from flask import Flask, g, request, session
from flask_babel import Babel, get_locale, gettext

TRANSLATIONS = Path(__file__).parent / "translations"
#: Locale -> what the switch to it is called, in its own language.
LANGUAGES = {"zh": "中文", "en": "English"}
_HTML_LANG = {"zh": "zh-CN", "en": "en"}


def init_app(app: Flask) -> None:
    """Choose the language of each request and make the choice known to templates."""
    app.config.update(
        BABEL_DEFAULT_LOCALE="zh",
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
        BABEL_TRANSLATION_DIRECTORIES=str(TRANSLATIONS),
    )
    Babel(app, locale_selector=choose)
    app.jinja_env.globals.update(
        html_lang=html_lang, language=language, other_languages=other_languages, js_texts=js_texts
    )


def choose() -> str:
    """Locale of this request: ``?lang=``, else the one kept, else Chinese.

    The browser's own language is not asked: many offices run English browsers.
    """
    for wanted in (request.args.get("lang"), session.get("lang")):
        if wanted in offered():
            return str(wanted)
    return "zh"


@cache
def offered() -> frozenset[str]:
    """Languages that have a catalogue; Chinese needs none."""
    compiled = {file.parts[-3] for file in TRANSLATIONS.glob("*/LC_MESSAGES/messages.mo")}
    return frozenset(LANGUAGES.keys() & (compiled | {"zh"}))


def keep_choice() -> None:
    """Keep a language that the address asks for, for the rest of the session."""
    asked = request.args.get("lang")
    if asked in offered() and session.get("lang") != asked:
        session["lang"] = asked


def language() -> str:
    """Language of this request, ``zh`` or ``en``."""
    if "language" not in g:
        g.language = str(get_locale() or "zh")[:2]
    return str(g.language)


def html_lang() -> str:
    """Value of the ``lang`` attribute of the page."""
    return _HTML_LANG.get(language(), "zh-CN")


def other_languages() -> dict[str, str]:
    """The languages that one can switch to, with what to call them."""
    return {code: LANGUAGES[code] for code in sorted(offered() - {language()})}


def translate(template: str) -> str:
    """The text in this request's language; the text itself where the catalogue lacks it."""
    return gettext(template) if template else template


@cache
def _catalogue(code: str) -> dict[str, str]:
    file = TRANSLATIONS / f"{code}.js.json"
    if not file.is_file():
        return {}
    texts: dict[str, str] = json.loads(file.read_text("utf-8"))
    return texts


def js_texts() -> dict[str, str]:
    """Texts of the scripts in this request's language; empty for Chinese."""
    return _catalogue(language())
