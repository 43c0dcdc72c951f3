"""Check the page templates for what the content security policy forbids and for untranslated text.

Run by ``make lint``. A finding is ``path:line: what``; the exit code is 1 when there is one.
Handlers in attributes and scripts in fragments do not run under the policy, so a page with one
looks right in review and does nothing in the browser.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "webmap" / "templates"

#: What is looked for in a line (in the whole text where it may span lines) and what to say of it.
RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("inline handler; add a listener in a module", re.compile(r"<[^>]*\son[a-z]+\s*=", re.I)),
    ("hx-on is evaluated text; add a listener in a module", re.compile(r"\bhx-on[:-]", re.I)),
    ("script without a nonce", re.compile(r"<script\b(?![^>]*nonce=)", re.I)),
    ("style element without a nonce", re.compile(r"<style\b(?![^>]*nonce=)", re.I)),
    ("javascript: address", re.compile(r"(href|src|action)\s*=\s*[\"']?\s*javascript:", re.I)),
    (
        "address on another machine; vendor the file",
        re.compile(
            r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)\s*=\s*[\"']?(?:https?:)?//", re.I
        ),
    ),
    ("|safe lets markup of others through", re.compile(r"\|\s*safe\b")),
    ("autoescape switched off", re.compile(r"{%-?\s*autoescape\s+false", re.I)),
)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: Jinja code and comments: Chinese inside them is a message id or a note, not bare text.
CODE = re.compile(r"{#.*?#}|{{.*?}}|{%.*?%}|<!--.*?-->", re.S)
TRANSLATED = re.compile(r"{%-?\s*trans\b.*?{%-?\s*endtrans\s*-?%}", re.S)


def findings(text: str) -> Iterator[tuple[int, str]]:
    """Line number and fault of everything in `text` that the rules forbid."""
    for fault, pattern in RULES:
        for hit in pattern.finditer(text):
            yield text.count("\n", 0, hit.start()) + 1, fault
    bare = CODE.sub(_blank, TRANSLATED.sub(_blank, text))
    for number, line in enumerate(bare.splitlines(), 1):
        if CHINESE.search(line):
            yield number, "text outside _(): it cannot be translated"
    try:
        Environment(autoescape=True, extensions=["jinja2.ext.i18n"]).parse(text)
    except TemplateSyntaxError as fault:
        yield fault.lineno, f"does not parse: {fault.message}"


def _blank(hit: re.Match[str]) -> str:
    return "\n" * hit.group().count("\n")


def main() -> int:
    """Print every finding; 1 when there is one."""
    count = 0
    for path in sorted(TEMPLATES.rglob("*.html")):
        for line, fault in sorted(findings(path.read_text(encoding="utf-8"))):
            print(f"{path.relative_to(ROOT)}:{line}: {fault}")
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
