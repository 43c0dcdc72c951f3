"""What all tests share: a closing list of what did not run, and why."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from cityops.services.accounts import HASH_COST

# An example that is slow on a busy machine says nothing about what is tested.
settings.register_profile("cityops", deadline=None)
settings.load_profile("cityops")
# Hundreds of tests sign in. Services that tests start as processes hash as they do in earnest.
HASH_COST.update(time_cost=1, memory_cost=8, parallelism=1)

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.workermanage import WorkerController

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def chromium_path() -> str | None:
    """Path of the system's Chromium, or None."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the system's Chromium; the test is skipped where there is none."""
    found = chromium_path()
    if found is None:
        pytest.skip("no Chromium on this machine (make test-all installs Debian's as root)")
    return found


def _cluster_module() -> Any:
    file = Path(__file__).with_name("postgis_cluster.py")
    spec = importlib.util.spec_from_file_location("tests_postgis_cluster", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def postgis() -> Iterator[Any]:
    """A PostgreSQL cluster of our own: ``.url()`` is the address of a new database with PostGIS.

    The test is skipped where there is none, unless CITYOPS_NEED_POSTGIS demands one.
    """
    module = _cluster_module()
    driver = importlib.util.find_spec("psycopg")
    if not os.environ.get("CITYOPS_NEED_POSTGIS"):
        if module.programs() is None:
            pytest.skip(module.MISSING)
        if driver is None:
            pytest.skip("the driver psycopg is not installed (extra postgis)")
    with module.cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def new_database(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """Addresses of new databases, for ``Settings(database_url=...)``: empty for SQLite.

    Modules that run on both stores get it twice, see `ON_BOTH_STORES`.
    """
    if getattr(request, "param", "sqlite") == "sqlite":
        yield lambda: ""
        return
    cluster = request.getfixturevalue("postgis")
    made: list[str] = []

    def new() -> str:
        made.append(cluster.url())
        return made[-1]

    yield new
    for url in made:
        cluster.drop(url)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the modules of the stores' contract on both stores."""
    wanted = metafunc.module.__name__.rpartition(".")[2] in ON_BOTH_STORES
    if wanted and "new_database" in metafunc.fixturenames:
        stores = ["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)]
        metafunc.parametrize("new_database", stores, indirect=True, scope="module")


#: Modules whose tests hold on SQLite and on PostGIS alike.
ON_BOTH_STORES = {
    "test_case_area_class",
    "test_case_clocks",
    "test_case_evidence",
    "test_case_limits_of_acting",
    "test_case_machine",
    "test_case_moves",
    "test_case_near",
    "test_case_organisation",
    "test_case_refusals",
    "test_case_reporting",
    "test_jobs",
    "test_layers_service",
    "test_no_server_error",
    "test_odd_texts",
    "test_permission",
    "test_photos",
    "test_repository",
    "test_season_in_store",
    "test_selections",
    "test_signin",
    "test_store_layers",
    "test_store_texts",
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip browser tests where there is no browser, unless CITYOPS_NEED_BROWSER demands one."""
    if chromium_path() is not None or os.environ.get("CITYOPS_NEED_BROWSER"):
        return
    why = pytest.mark.skip(
        reason="no Chromium on this machine (make test-all installs Debian's as root)"
    )
    for item in items:
        if "browser" in item.keywords:
            item.add_marker(why)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Any:
    """Share files out among the workers; all that needs a browser goes to one, and first.

    Two browsers at a time take the processors from each other until tests run out of patience,
    and files share what they set up.
    """
    from xdist.scheduler import LoadScopeScheduling

    class FilesAndOneBrowser(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return _ONE_BROWSER if file.startswith(_ONE_BROWSER) else file

        def _assign_work_unit(self, node: WorkerController) -> None:
            if _ONE_BROWSER in self.workqueue:
                self.workqueue.move_to_end(_ONE_BROWSER, last=False)
            super()._assign_work_unit(node)

    return FilesAndOneBrowser(config, log)


_ONE_BROWSER = "tests/browser"


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Count what the marker expression left out."""
    if items:
        items[0].config.stash.setdefault(LEFT_OUT, Counter()).update(
            next(
                (kind for kind in ("browser", "server", "postgis") if kind in item.keywords),
                "other",
            )
            for item in items
        )


#: What ``make test`` leaves to ``make test-all``.
LEAN = "not browser and not server and not postgis"
LEFT_OUT = pytest.StashKey[Counter[str]]()


def pytest_terminal_summary(terminalreporter, exitstatus, config) -> None:
    """Say which tests were skipped and why, most frequent reason first."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", ()):
        where = report.nodeid.partition("::")[0]
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[f"{where}: {why.removeprefix('Skipped: ')}"] += 1
    if config.getoption("-m") == LEAN:
        reasons["tests/browser: they need a browser; make test-all runs them"] += 0
        reasons["tests on PostGIS: they start a server; make test-all runs them"] += 0
        reasons["tests/system: they start whole services; make test-all runs them"] += 0
    if not reasons:
        return
    terminalreporter.section("not run, and why")
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count or ''} {reason}".strip())


@dataclass(frozen=True)
class PdfPath:
    """A path on a page: its points in millimetres from the lower left corner, colours in RGB."""

    points: list[tuple[float, float]]
    fill: tuple[int, ...]
    stroke: tuple[int, ...]

    def size(self) -> tuple[float, float]:
        """Width and height in millimetres."""
        xs, ys = zip(*self.points, strict=True)
        return max(xs) - min(xs), max(ys) - min(ys)


class Pdf:
    """A document as PDFium reads it."""

    def __init__(self, data: bytes) -> None:
        import pypdfium2

        self.document = pypdfium2.PdfDocument(data)

    def __len__(self) -> int:
        return len(self.document)

    def size_mm(self) -> tuple[float, float]:
        """Width and height of the first page."""
        width, height = self.document[0].get_size()
        return width * 25.4 / 72, height * 25.4 / 72

    def text(self, page: int = 0) -> str:
        """All words of a page; a hyphen at the end of a line is one as well."""
        found = self.document[page].get_textpage().get_text_bounded()
        return found.replace("\r", "").replace("\x02", "-").replace("\ufffe", "-")

    def everything(self) -> str:
        """All words of all pages."""
        return "\n".join(self.text(page) for page in range(len(self)))

    def _items(self, page: int, kind: str) -> Iterator[Any]:
        import pypdfium2.raw as raw

        wanted = getattr(raw, f"FPDF_PAGEOBJ_{kind}")
        found = self.document[page].get_objects(max_depth=8)
        return (item for item in found if item.type == wanted)

    def fonts(self) -> set[tuple[str, bool]]:
        """Names of the fonts in use, without the prefix of a subset, and whether they are embedded."""
        import ctypes

        import pypdfium2.raw as raw

        out = set()
        for page in range(len(self)):
            for item in self._items(page, "TEXT"):
                font, name = raw.FPDFTextObj_GetFont(item), ctypes.create_string_buffer(200)
                raw.FPDFFont_GetBaseFontName(font, name, 200)
                embedded = raw.FPDFFont_GetIsEmbedded(font) == 1
                out.add((name.value.decode().rpartition("+")[2], embedded))
        return out

    def paths(self) -> list[PdfPath]:
        """What is drawn on the first page."""
        return [_pdf_path(item) for item in self._items(0, "PATH")]


def _pdf_path(item: Any) -> PdfPath:
    import ctypes

    import pypdfium2.raw as raw

    def colour(get: Callable[..., Any]) -> tuple[int, ...]:
        parts = [ctypes.c_uint() for _ in range(4)]
        get(item, *parts)
        return tuple(part.value for part in parts[:3])

    matrix, points = item.get_matrix(), []
    for i in range(raw.FPDFPath_CountSegments(item)):
        x, y = ctypes.c_float(), ctypes.c_float()
        raw.FPDFPathSegment_GetPoint(raw.FPDFPath_GetPathSegment(item, i), x, y)
        across, up = matrix.on_point(x.value, y.value)
        points.append((across * 25.4 / 72, up * 25.4 / 72))
    fill, stroke = colour(raw.FPDFPageObj_GetFillColor), colour(raw.FPDFPageObj_GetStrokeColor)
    return PdfPath(points, fill, stroke)


@pytest.fixture(scope="session")
def read_pdf() -> type[Pdf]:
    """Reads a document: ``read_pdf(data).text()``, ``.fonts()``, ``.paths()``, ``len()``."""
    return Pdf
