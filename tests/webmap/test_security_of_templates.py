"""Templates keep within the content policy and say nothing outside the catalogue."""

import re
from pathlib import Path

import pytest

import webmap

ROOT = Path(webmap.__file__).parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
MODULES = sorted((ROOT / "static" / "js").rglob("*.js"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)
def test_template_has_no_inline_handler_no_javascript_address_no_unmarked_script(path):
    text = path.read_text("utf-8")
    assert re.findall(r"\son[a-z]+\s*=", text) == []
    assert "javascript:" not in text
    assert "|safe" not in text
    for tag in re.findall(r"<(?:script|style)\b[^>]*>", text):
        assert "nonce=" in tag, tag


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)
def test_template_texts_go_through_the_catalogue(path):
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text("utf-8"), flags=re.S)
    assert re.findall(r"[\u4e00-\u9fff]+", text) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.stem)
def test_module_writes_no_markup_and_evaluates_no_text(path):
    text = path.read_text("utf-8")
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert sink not in text, sink
    assert "new Function" not in text


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.stem)
def test_module_imports_by_name_so_that_a_new_version_is_fetched(path):
    text = path.read_text("utf-8")
    assert re.findall(r"(?:from|import)\s*\(?\s*['\"]\.", text) == []
