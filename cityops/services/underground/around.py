"""Layers around a survey brought into its plane: structures, land use, ground, bodies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely
from pyproj import Transformer

from cityops.services.underground import files
from gis.crs import Reference, reference_of
from gis.errors import CrsError, FileError
from gis.features import ObjectArray
from underground.audit.land import LandUse, land_use_of
from underground.axes import FloatArray
from underground.columns import columns_of, columns_of_sheet
from underground.ground_model import SpotGround
from underground.surroundings import Surroundings, surroundings_of
from underground.survey.model import Survey
from underground.survey.places import plane_of


def layer_in_plane(
    path: Path, survey: Survey, crs: str | None = None
) -> tuple[ObjectArray, dict[str, ObjectArray]]:
    """Shapes of a GIS file in metres of the survey's plane, and its columns.

    Heights of the shapes are metres too; they stay those of their own datum.

    Raises
    ------
    FileError
        A file that cannot be read, or that has no shapes.
    CrsError
        An unknown system, or none where the survey has one.
    """
    files.check_file(path)
    layers = files.layers_of(path)
    if not layers:
        raise FileError("file.no_shapes", "{got} 里没有图形", field="file", got=path.name)
    named = reference_of(crs) if crs else None
    moved = [_in_plane(layer[0], _system(path, layer[2], named), survey) for layer in layers]
    _, columns = files.joined_layers(layers)
    return np.concatenate(moved), columns


def _system(path: Path, stated: str | None, named: Reference | None) -> Reference | None:
    found = files.agreed_system(named, [stated] if stated else [])
    if found is None and path.suffix.lower() in (".geojson", ".json"):
        return reference_of("EPSG:4326")  # RFC 7946: without a system it is degrees
    return found


def _in_plane(shapes: ObjectArray, own: Reference | None, survey: Survey) -> ObjectArray:
    plane = plane_of(survey)
    unit = files.unit_of(own)[1]
    change = _transformer(own, survey.crs)

    def move(at: FloatArray) -> FloatArray:
        xy = at[:, :2] if change is None else np.column_stack(change.transform(*at[:, :2].T))
        return np.column_stack([plane.metres(xy), at[:, 2:] * unit])

    flat = shapely.transform(shapes, move)
    solid = shapely.transform(shapes, move, include_z=True)
    out: ObjectArray = np.where(shapely.has_z(shapes), solid, flat)
    return out


def _transformer(own: Reference | None, wanted: Reference | None) -> Transformer | None:
    a = None if own is None else own.crs
    b = None if wanted is None else wanted.crs
    if a is None and b is None:
        return None
    if a is None or b is None:
        raise CrsError(
            "crs.one_unknown", "管线和周边图层只有一个知道坐标系，不能放在一起",
            field="crs", got=[str(own), str(wanted)],
        )  # fmt: skip
    if a.equals(b, ignore_axis_order=True):
        return None
    return Transformer.from_crs(a, b, always_xy=True)


def surroundings_of_file(path: Path, survey: Survey, datum: str | None = None) -> Surroundings:
    """Structures around a survey out of a GIS file.

    Raises
    ------
    GeometryError, InvalidError, FileError, CrsError
        See `surroundings_of` and `layer_in_plane`.
    """
    shapes, columns = layer_in_plane(path, survey)
    return surroundings_of(shapes, columns, datum=datum)


def land_use_of_file(path: Path, survey: Survey) -> LandUse:
    """Land use above a survey out of a GIS file.

    Raises
    ------
    GeometryError, InvalidError, FileError, CrsError
        See `land_use_of` and `layer_in_plane`.
    """
    return land_use_of(*layer_in_plane(path, survey))


def ground_of_file(path: Path, survey: Survey, datum: str | None) -> SpotGround:
    """A model of the ground out of spots: points of a GIS file, or a table with X, Y and height.

    Raises
    ------
    InvalidError
        Too few spots, or numbers that cannot be read.
    """
    if path.suffix.lower() in (".csv", ".txt", ".tsv", ".xlsx", ".xlsm"):
        files.check_file(path)
        table = columns_of_sheet("spots", files.sheets_of(path)[0])
        delivered = np.column_stack([table.number("east"), table.number("north")])
        xy, height = plane_of(survey).metres(delivered), table.number("height")
        return SpotGround.of(xy, height, datum)
    shapes, columns = layer_in_plane(path, survey)
    table = columns_of("spots", columns, len(shapes))
    xyz, of = shapely.get_coordinates(shapes, include_z=True, return_index=True)
    height = table.number("height")[of]
    return SpotGround.of(xyz[:, :2], np.where(np.isnan(height), xyz[:, 2], height), datum)
