"""The vendored libraries are what the manifest says, with their licences, and call nobody."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

import webmap

STATIC = Path(webmap.__file__).parent / "static"
VENDOR = STATIC / "vendor"
TEMPLATES = Path(webmap.__file__).parent / "templates"


def _renew():
    spec = importlib.util.spec_from_file_location("renew", VENDOR / "renew.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_vendored_file_has_the_digest_of_the_manifest():
    assert _renew().faults() == []


def test_manifest_notices_a_changed_byte(tmp_path, monkeypatch):
    module = _renew()
    written = json.loads((VENDOR / "manifest.json").read_text("utf-8"))
    name = sorted(written["sha256"])[0]
    written["sha256"][name] = "0" * 64
    (tmp_path / "manifest.json").write_text(json.dumps(written), "utf-8")
    monkeypatch.setattr(module, "MANIFEST", tmp_path / "manifest.json")
    assert module.faults() == [f"changed: {name}"]


@pytest.mark.parametrize("package", sorted(_renew().PACKAGES))
def test_every_package_carries_its_licence(package):
    text = (VENDOR / package / "LICENSE.txt").read_text("utf-8")
    assert "Copyright" in text
    assert len(text) > 500


def test_no_file_of_ours_names_a_content_delivery_network():
    hosts = re.compile(r"https?://(?!www\.w3\.org)[\w.-]+")
    for path in [*STATIC.glob("js/**/*.js"), *STATIC.glob("css/*.css"), *TEMPLATES.rglob("*.html")]:
        assert hosts.findall(path.read_text("utf-8")) == [], path.name
