"""Renew the vendored browser libraries from npm and write their manifest.

Run ``python webmap/static/vendor/renew.py`` where ``npm`` is installed and its registry can be
reached; ``--from DIR`` takes an existing ``node_modules`` instead. ``--check`` only compares
the files with the manifest.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
MANIFEST = HERE / "manifest.json"
#: package -> version wanted, files taken (source: name here), licence file.
PACKAGES: dict[str, dict[str, object]] = {
    "leaflet": {
        "version": "1.9.4",
        "licence": "BSD-2-Clause",
        "files": {
            "dist/leaflet.js": "leaflet.js",
            "dist/leaflet.css": "leaflet.css",
            "dist/images/layers.png": "images/layers.png",
            "dist/images/layers-2x.png": "images/layers-2x.png",
            "LICENSE": "LICENSE.txt",
        },
    },
    "maplibre-gl": {
        "version": "6.17.0",
        "licence": "BSD-3-Clause",
        "files": {
            "dist/maplibre-gl.mjs": "maplibre-gl.mjs",
            "dist/maplibre-gl-shared.mjs": "maplibre-gl-shared.mjs",
            "dist/maplibre-gl-worker.mjs": "maplibre-gl-worker.mjs",
            "dist/maplibre-gl.css": "maplibre-gl.css",
            "LICENSE.txt": "LICENSE.txt",
        },
    },
    "terra-draw": {
        "version": "1.35.0",
        "licence": "MIT",
        "files": {
            "dist/terra-draw.module.js": "terra-draw.module.js",
        },
    },
    "terra-draw-maplibre-gl-adapter": {
        "version": "1.4.1",
        "licence": "MIT",
        "files": {
            "dist/terra-draw-maplibre-gl-adapter.module.js": (
                "terra-draw-maplibre-gl-adapter.module.js"
            ),
        },
    },
}


def install(into: Path) -> Path:
    """Install the packages with npm below `into`; gives the ``node_modules`` folder."""
    wanted = [f"{name}@{spec['version']}" for name, spec in PACKAGES.items()]
    subprocess.run(  # noqa: S603
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *wanted],  # noqa: S607
        cwd=into,
        check=True,
    )
    return into / "node_modules"


def take(modules: Path) -> None:
    """Copy the files of all packages here, without links to source maps that are not shipped."""
    for name, spec in PACKAGES.items():
        target = HERE / name
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        files: dict[str, str] = spec["files"]  # type: ignore[assignment]
        for source, here in files.items():
            data = (modules / name / source).read_bytes()
            if here.endswith((".js", ".mjs", ".css")):
                data = without_source_map(data)
            (target / here).parent.mkdir(exist_ok=True)
            (target / here).write_bytes(data)
        add_missing_licence(name)


def without_source_map(data: bytes) -> bytes:
    """The file without its last ``sourceMappingURL`` comment: no map is shipped beside it."""
    kept = [line for line in data.splitlines(keepends=True) if b"sourceMappingURL=" not in line]
    return b"".join(kept)


def add_missing_licence(name: str) -> None:
    """Put the licence text beside the files where the npm package does not carry it."""
    kept = HERE / "licences" / f"{name}.txt"
    shared = HERE / "licences" / "terra-draw.txt"
    if name.startswith("terra-draw"):
        shutil.copy(kept if kept.is_file() else shared, HERE / name / "LICENSE.txt")


def digests() -> dict[str, str]:
    """sha256 of every vendored file, by its path here."""
    return {
        path.relative_to(HERE).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(HERE.rglob("*"))
        if path.is_file() and path.parent != HERE
    }


def manifest_of(modules: Path) -> dict[str, object]:
    """Manifest: package, version, licence, and sha256 of each file."""
    packages = {
        name: {
            "version": json.loads((modules / name / "package.json").read_text("utf-8"))["version"],
            "licence": spec["licence"],
        }
        for name, spec in PACKAGES.items()
    }
    return {"packages": packages, "sha256": digests()}


def faults() -> list[str]:
    """Differences between the files here and the manifest."""
    written = json.loads(MANIFEST.read_text("utf-8"))["sha256"]
    found = digests()
    return [
        *(f"missing: {name}" for name in sorted(written.keys() - found.keys())),
        *(f"not in the manifest: {name}" for name in sorted(found.keys() - written.keys())),
        *(f"changed: {n}" for n in sorted(written.keys() & found.keys()) if written[n] != found[n]),
    ]


def main() -> int:
    """Renew or check; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="modules", type=Path, help="an existing node_modules")
    parser.add_argument("--check", action="store_true", help="only compare with the manifest")
    chosen = parser.parse_args()
    if not chosen.check:
        with tempfile.TemporaryDirectory() as folder:
            modules = chosen.modules or install(Path(folder))
            take(modules)
            text = json.dumps(manifest_of(modules), indent=2, sort_keys=True)
            MANIFEST.write_text(text + "\n", "utf-8")
    found = faults()
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
