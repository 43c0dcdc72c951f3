"""A small clean survey in Chinese tables: a water main with a branch, a sewer, a duct bank."""

import pytest

from gis.reference import reference_of
from underground.survey.model import Sheet
from underground.survey.tables import survey_of_tables

POINT_HEAD = [
    "图上点号", "物探点号", "X", "Y", "地面高程", "特征", "附属物", "点编码", "井底埋深", "探查方式",
]  # fmt: skip
LINE_HEAD = [
    "管线种类", "起始点号", "终止点号", "起点埋深", "终点埋深", "起点高程", "终点高程",
    "埋设方式", "材质", "管径", "使用状态", "流向", "权属单位",
]  # fmt: skip
N0, E0 = 4_332_900.0, 517_300.0


def _point(number, north, east, ground, feature=None, thing=None, code=None, well=None):
    return [
        number, number, N0 + north, E0 + east, ground, feature, thing, code, well, "明显点"
    ]  # fmt: skip


POINTS = [
    _point("JS1", 0, 0, 3.50, "起讫点"),
    _point("JS2", 0, 30, 3.52, "三通", None, "51042102"),
    _point("JS3", 0, 60, 3.55, None, "阀门", "51042204"),
    _point("JS4", 0, 90, 3.60, "预留口"),
    _point("JS5", 25, 30, 3.48, "预留口"),
    _point("WS1", 5, 0, 3.51, None, "污水井", None, 2.60),
    _point("WS2", 5, 40, 3.53, None, "污水井", None, 2.70),
    _point("WS3", 5, 80, 3.58, None, "污水井", None, 2.90),
    _point("DL1", 10, 0, 3.50, "起讫点"),
    _point("DL2", 10, 50, 3.55, "预留口"),
]


def _line(kind, a, b, depths, levels, mode, material, size, flow=None):
    return [kind, a, b, *depths, *levels, mode, material, size, "在用", flow, "公司甲"]


LINES = [
    _line("JS", "JS1", "JS2", (1.20, 1.20), (2.30, 2.32), "ZM", "QM", "200"),
    _line("JS", "JS2", "JS3", (1.20, 1.20), (2.32, 2.35), "ZM", "QM", "200"),
    _line("JS", "JS3", "JS4", (1.20, 1.20), (2.35, 2.40), "ZM", "QM", "200"),
    _line("JS", "JS2", "JS5", (1.20, 1.10), (2.32, 2.38), "ZM", "QM", "100"),
    _line("WS", "WS1", "WS2", (2.50, 2.65), (1.01, 0.88), "ZM", "T", "400", "0"),
    _line("WS", "WS2", "WS3", (2.65, 2.83), (0.88, 0.75), "ZM", "T", "500", "0"),
    _line("GD", "DL1", "DL2", (0.80, 0.85), (2.70, 2.70), "GK", "S", "300X200"),
]


def survey_from(points, lines, point_head=POINT_HEAD, line_head=LINE_HEAD, **given):
    """A survey of the tables; rows count from 2 as in a file with a head."""
    given = {"crs": reference_of("EPSG:4548"), "datum": "1985"} | given
    return survey_of_tables(
        Sheet("点表", point_head, points, range(2, len(points) + 2)),
        Sheet("线表", line_head, lines, range(2, len(lines) + 2)),
        **given,
    )


class Tables:
    """The clean tables, to be changed by column name; points by number, lines by position."""

    def __init__(self):
        self.points = [list(row) for row in POINTS]
        self.lines = [list(row) for row in LINES]

    def point(self, number, **cells):
        row = next(row for row in self.points if row[1] == number)
        for name, value in cells.items():
            row[POINT_HEAD.index(name)] = value

    def line(self, i, **cells):
        for name, value in cells.items():
            self.lines[i][LINE_HEAD.index(name)] = value

    def add_point(self, number, north, east, ground=3.5, feature="预留口", thing=None):
        self.points.append(_point(number, north, east, ground, feature, thing))

    def add_line(self, kind, a, b, depths=(None, None), size="200", flow=None, mode="ZM"):
        self.lines.append(_line(kind, a, b, depths, (None, None), mode, "QM", size, flow))

    def repeat_point(self, number):
        self.points.append(list(next(row for row in self.points if row[1] == number)))

    def repeat_line(self, i, *, reversed_=False):
        row = list(self.lines[i])
        if reversed_:
            for a, b in ((1, 2), (3, 4), (5, 6)):
                row[a], row[b] = row[b], row[a]
        self.lines.append(row)

    def survey(self, **given):
        return survey_from(self.points, self.lines, **given)


@pytest.fixture
def tables():
    """The clean tables of a survey, to be changed."""
    return Tables()


@pytest.fixture
def survey_of():
    """Make a survey of tables with their own heads: ``survey_of(points, lines, heads...)``."""
    return survey_from
