"""Models of EPANET and SWMM (.inp) as nodes and links in metres; closed, one-way and pumps kept.

EPANET 2.2 Users Manual, appendix C, and SWMM 5.2 User's Manual, appendix D, name the sections.
Without a line ``Units`` EPANET takes gallons per minute, so lengths are feet.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from gis.errors import FileError, InvalidError
from gis.features import object_array
from underground.axes import BoolArray, FloatArray, IntArray, ObjectArray, offsets
from underground.faults import CATALOGUE, SheetRole, SurveyFault

FOOT_M = 0.3048
INCH_M = 0.0254
_US_UNITS = {"CFS", "GPM", "MGD", "IMGD", "AFD"}
#: "SI" is read as litres per second, as EPANET reads it.
_SI_UNITS = {"SI", "LPS", "LPM", "MLD", "CMH", "CMD", "CMS"}


class InpKind(StrEnum):
    """Which program a file is for."""

    EPANET = "epanet"
    SWMM = "swmm"


@dataclass(frozen=True)
class InpModel:
    """A model's network.

    Attributes
    ----------
    nodes, node_kind, node_rows
        (n,) names, ``junction``, ``reservoir``, ``tank``, ``outfall``, ``storage``, ``divider``;
        lines of the file.
    elevation, ground
        (n,) metres: EPANET's elevation, SWMM's invert; SWMM's invert plus greatest depth.
    xy
        (n, 2) coordinates as in the file, NaN where none.
    links, link_kind, link_rows
        (m,) names, ``pipe``, ``pump``, ``valve``, ``conduit``, ``orifice``, ``weir``, ``outlet``.
    start, end
        (m,) positions of nodes.
    length, width, height
        (m,) metres; NaN where the model gives none (pumps, valves).
    is_closed, is_one_way
        (m,) initial state CLOSED; a pipe with a check valve.
    offset_start, offset_end
        (m,) metres of the pipe's invert above the node's (SWMM), NaN in EPANET.
    is_box
        (m,) whether the section is no circle.
    vertices, first
        Inner vertices (k, 2) as in the file and (m + 1,) offsets.
    """

    kind: InpKind
    nodes: ObjectArray
    node_kind: ObjectArray
    node_rows: IntArray
    elevation: FloatArray
    ground: FloatArray
    xy: FloatArray
    links: ObjectArray
    link_kind: ObjectArray
    link_rows: IntArray
    start: IntArray
    end: IntArray
    length: FloatArray
    width: FloatArray
    height: FloatArray
    is_box: BoolArray
    is_closed: BoolArray
    is_one_way: BoolArray
    offset_start: FloatArray
    offset_end: FloatArray
    vertices: FloatArray
    first: IntArray


_Line = tuple[int, list[str]]
_NODES = {
    "JUNCTIONS": "junction",
    "RESERVOIRS": "reservoir",
    "TANKS": "tank",
    "OUTFALLS": "outfall",
    "STORAGE": "storage",
    "DIVIDERS": "divider",
}
_LINKS = {
    "PIPES": "pipe",
    "PUMPS": "pump",
    "VALVES": "valve",
    "CONDUITS": "conduit",
    "ORIFICES": "orifice",
    "WEIRS": "weir",
    "OUTLETS": "outlet",
}
#: Kinds of nodes from which water comes.
SOURCE_KINDS = ("reservoir", "tank")
#: SWMM's cross-sections that are named, not measured: a transect, a street.
_NAMED_SHAPES = ("IRREGULAR", "STREET")
_READ = {*_NODES, *_LINKS, "STATUS", "OPTIONS", "COORDINATES", "VERTICES", "XSECTIONS"}


def parse_inp(text: str, name: str = "") -> InpModel:
    r"""The network of an .inp file.

    Raises
    ------
    FileError
        No sections of nodes and links; or, with every fault in ``errors``: names that repeat,
        nodes that are not defined, lines cut short, numbers that are none.

    Examples
    --------
    >>> model = parse_inp("[RESERVOIRS]\nR 10\n[JUNCTIONS]\nJ 5\n[PIPES]\nP R J 100 12 1 0 CV\n")
    >>> model.length.round(2).tolist(), model.width.round(4).tolist(), model.is_one_way.tolist()
    ([30.48], [0.3048], [True])
    """
    sections = _sections(text)
    if not any(s in sections for s in _LINKS) or not any(s in sections for s in _NODES):
        raise FileError(
            "inp.no_network", "{got} 里没有节点和管段", got=name or "文件", field="file"
        )
    faults: list[SurveyFault] = []
    reader = _Reader(sections, faults)
    model = reader.model()
    if faults:
        raise refused(faults, name)
    return model


def refused(faults: list[SurveyFault], name: str) -> FileError:
    """One error for the faults of a model file; the rows are its lines."""
    singles = [
        InvalidError(
            f.code,
            CATALOGUE[f.code][1],
            field=f.field,
            got=f.got,
            params=f.params,
            row=f.row,
        )
        for f in sorted(faults, key=lambda f: (f.row, f.code))
    ]
    return FileError(
        "inp.bad",
        "{name} 有 {count} 处错误，第一处在第 {first} 行",
        field="file",
        params={"name": name or "文件", "count": len(singles), "first": singles[0].row},
        errors=singles,
    )


def _sections(text: str) -> dict[str, list[_Line]]:
    out: dict[str, list[_Line]] = {}
    current: list[_Line] | None = None
    for row, line in enumerate(text.splitlines(), 1):
        plain = line.partition(";")[0].strip()
        if plain.startswith("["):
            key = _section_name(plain)
            current = None if key is None else out.setdefault(key, [])
        elif plain and current is not None:
            current.append((row, _words(plain)))
    return out


def _section_name(plain: str) -> str | None:
    """Full name of a section; as in EPANET its first four letters suffice."""
    given = plain.strip("[] \t").upper()
    if given in _READ:
        return given
    return next((s for s in sorted(_READ) if len(given) >= 4 and s.startswith(given)), None)


def _words(plain: str) -> list[str]:
    if '"' not in plain:
        return plain.split()
    try:
        return shlex.split(plain, posix=True)
    except ValueError:
        return plain.replace('"', " ").split()


def _upper(words: list[str]) -> list[str]:
    return [word.upper() for word in words]


class _Reader:
    """Reads the sections; every fault goes to one list."""

    def __init__(self, sections: dict[str, list[_Line]], faults: list[SurveyFault]) -> None:
        self.sections = sections
        self.faults = faults
        options = {w[0].upper(): w[1:] for _, w in sections.get("OPTIONS", []) if w}
        self.is_swmm = "FLOW_UNITS" in options or any(
            s in sections for s in ("CONDUITS", "OUTFALLS", "STORAGE")
        )
        units = options.get("FLOW_UNITS") or options.get("UNITS") or []
        named = units[0].upper() if units else ("CFS" if self.is_swmm else "GPM")
        if named not in _US_UNITS | _SI_UNITS:
            rows = [row for row, words in sections.get("OPTIONS", []) if named in _upper(words)]
            self.fault("inp.unknown_units", rows[-1] if rows else 0, named[:40])
        self.is_us = named in _US_UNITS
        self.long = FOOT_M if self.is_us else 1.0
        # SWMM gives sections in feet or metres, EPANET diameters in inches or millimetres.
        self.across = self.long if self.is_swmm else (INCH_M if self.is_us else 0.001)
        offset = options.get("LINK_OFFSETS") or ["DEPTH"]
        self.offset_is_level = offset[0].upper() == "ELEVATION"

    # -- cells -----------------------------------------------------------------------------

    def fault(self, code: str, row: int, got: Any = None, **params: Any) -> None:
        self.faults.append(SurveyFault(code, SheetRole.FILE, row, None, got, params=params))

    def number(self, words: list[str], i: int, row: int, title: str) -> float:
        """Word `i` as a number; NaN where the line is shorter or the word is ``*``."""
        if i >= len(words) or words[i] == "*":
            return float("nan")
        try:
            value = float(words[i])
        except ValueError:
            value = float("nan")
        if not np.isfinite(value):
            self.fault("inp.not_a_number", row, words[i][:40], title=title)
        return value

    def lines(self, section: str, least: int) -> Iterator[_Line]:
        for row, words in self.sections.get(section, []):
            if len(words) < least:
                self.fault("inp.short_line", row, " ".join(words)[:60])
            else:
                yield row, words

    # -- parts -----------------------------------------------------------------------------

    def model(self) -> InpModel:
        nodes = self._nodes()
        links = self._links({name: i for i, name in enumerate(nodes["names"])})
        at = {name: i for i, name in enumerate(links["names"])}
        self._sections_of_conduits(links, at)
        self._status(links, at)
        vertices, first = self._vertices(at)
        return InpModel(
            kind=InpKind.SWMM if self.is_swmm else InpKind.EPANET,
            nodes=object_array(nodes["names"]),
            node_kind=object_array(nodes["kinds"]),
            node_rows=np.array(nodes["rows"], np.int64),
            elevation=np.array(nodes["elevation"], float) * self.long,
            ground=np.array(nodes["ground"], float) * self.long,
            xy=self._coordinates(nodes["names"]),
            links=object_array(links["names"]),
            link_kind=object_array(links["kinds"]),
            link_rows=np.array(links["rows"], np.int64),
            start=np.array(links["start"], np.int64),
            end=np.array(links["end"], np.int64),
            length=np.array(links["length"], float) * self.long,
            width=np.array(links["width"], float) * self.across,
            height=np.array(links["height"], float) * self.across,
            is_box=np.array(links["box"], bool),
            is_closed=np.array(links["closed"], bool),
            is_one_way=np.array(links["one_way"], bool),
            offset_start=self._offsets(links["offset_start"], links["start"], nodes),
            offset_end=self._offsets(links["offset_end"], links["end"], nodes),
            vertices=vertices,
            first=first,
        )

    def _nodes(self) -> dict[str, list[Any]]:
        out: dict[str, list[Any]] = {
            k: [] for k in ("names", "kinds", "rows", "elevation", "ground")
        }
        seen: dict[str, int] = {}
        for section, kind in _NODES.items():
            for row, words in self.lines(section, 1):
                if words[0] in seen:
                    self.fault("inp.duplicate", row, words[0], first=seen[words[0]])
                    continue
                seen[words[0]] = row
                level = self.number(words, 1, row, "高程")
                out["names"].append(words[0])
                out["kinds"].append(kind)
                out["rows"].append(row)
                out["elevation"].append(level)
                deep = self.is_swmm and kind in ("junction", "storage")
                depth = self.number(words, 2, row, "最大深度") if deep else float("nan")
                out["ground"].append(level + depth if depth > 0 else float("nan"))
        return out

    def _links(self, nodes: dict[str, int]) -> dict[str, list[Any]]:
        names = ("names", "kinds", "rows", "start", "end", "length", "width", "height", "box")
        more = ("closed", "one_way", "offset_start", "offset_end")
        out: dict[str, list[Any]] = {k: [] for k in (*names, *more)}
        seen: dict[str, int] = {}
        for section, kind in _LINKS.items():
            for row, words in self.lines(section, 3):
                if words[0] in seen:
                    self.fault("inp.duplicate", row, words[0], first=seen[words[0]])
                    continue
                seen[words[0]] = row
                missing = [end for end in words[1:3] if end not in nodes]
                for end in missing:
                    self.fault("inp.unknown_node", row, end, other=words[0])
                if missing:
                    continue
                self._link(out, kind, row, words, nodes)
        return out

    def _link(
        self,
        out: dict[str, list[Any]],
        kind: str,
        row: int,
        words: list[str],
        nodes: dict[str, int],
    ) -> None:
        nan = float("nan")
        length = diameter = low = high = nan
        state = ""
        if kind == "pipe":
            length = self.number(words, 3, row, "长度")
            diameter = self.number(words, 4, row, "管径")
            state = words[-1].upper() if len(words) > 6 else ""
        elif kind == "valve":
            diameter = self.number(words, 3, row, "管径") if not self.is_swmm else nan
        elif kind == "conduit":
            length = self.number(words, 3, row, "长度")
            low, high = self.number(words, 5, row, "偏移"), self.number(words, 6, row, "偏移")
        for key, value in (
            ("names", words[0]), ("kinds", kind), ("rows", row),
            ("start", nodes[words[1]]), ("end", nodes[words[2]]),
            ("length", length), ("width", diameter), ("height", diameter), ("box", False),
            ("closed", state == "CLOSED"), ("one_way", state == "CV"),
            ("offset_start", low), ("offset_end", high),
        ):  # fmt: skip
            out[key].append(value)

    def _sections_of_conduits(self, links: dict[str, list[Any]], at: dict[str, int]) -> None:
        for row, words in self.lines("XSECTIONS", 3):
            i = at.get(words[0])
            if i is None:
                self.fault("inp.unknown_link", row, words[0])
                continue
            shape = words[1].upper()
            round_ = shape in ("CIRCULAR", "FILLED_CIRCULAR", "FORCE_MAIN")
            high = np.nan if shape in _NAMED_SHAPES else self.number(words, 2, row, "断面")
            wide = high
            if not round_:  # shapes of one size have a 0 here, others the name of a curve
                named = shape == "CUSTOM" or shape in _NAMED_SHAPES
                wide = np.nan if named else self.number(words, 3, row, "断面")
            links["width"][i] = wide if wide > 0 else np.nan
            links["height"][i] = high if high > 0 else np.nan
            links["box"][i] = not round_

    def _status(self, links: dict[str, list[Any]], at: dict[str, int]) -> None:
        for row, words in self.lines("STATUS", 2):
            i = at.get(words[0])
            if i is None:
                self.fault("inp.unknown_link", row, words[0])
            else:
                links["closed"][i] = words[1].upper() == "CLOSED"

    def _coordinates(self, names: list[str]) -> FloatArray:
        at = {name: i for i, name in enumerate(names)}
        out = np.full((len(names), 2), np.nan)
        for row, words in self.lines("COORDINATES", 3):
            i = at.get(words[0])
            if i is not None:  # labels of nodes that were taken out stay in many files
                out[i] = self.number(words, 1, row, "X"), self.number(words, 2, row, "Y")
        return out

    def _vertices(self, at: dict[str, int]) -> tuple[FloatArray, IntArray]:
        owners: list[int] = []
        places: list[tuple[float, float]] = []
        for row, words in self.lines("VERTICES", 3):
            i = at.get(words[0])
            if i is not None:
                owners.append(i)
                places.append((self.number(words, 1, row, "X"), self.number(words, 2, row, "Y")))
        order = np.argsort(np.array(owners, np.int64), kind="stable")
        xy = np.array(places, float).reshape(-1, 2)[order]
        return xy, offsets(np.bincount(np.array(owners, np.int64), minlength=len(at)))

    def _offsets(
        self, given: list[float], nodes_of: list[int], nodes: dict[str, list[Any]]
    ) -> FloatArray:
        out = np.array(given, float)
        if self.offset_is_level:
            out = out - np.array(nodes["elevation"], float)[np.array(nodes_of, np.int64)]
        return out * self.long
