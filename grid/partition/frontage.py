"""Where the line between two lots would meet the street: lots are set back, their corners are not.

Parcels end at the red line of a street, cells reach to its centre. Without these links the strip
in front of a row of lots would be one long face and fall to one of the cells behind it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from gis.features import IntArray, ObjectArray

#: A street is looked for this far in front of a corner, metres.
REACH_M = 30.0
#: A vertex is a corner where the outline turns by more than this, degrees.
CORNER_DEG = 40.0
#: Two parcels this near to each other lie side by side, metres.
BESIDE_M = 2.5
_SHORTEST_M = 0.5
_BEYOND_M = 0.02


def frontage_links(
    parcels: ObjectArray, lines: ObjectArray, strengths: IntArray, strong_from: int
) -> ObjectArray:
    """Lines from corners of parcels, along their sides, to the next strong line in front of them.

    Parameters
    ----------
    parcels
        (n,) polygons.
    lines, strengths
        Lines with their strengths; those from `strong_from` on are streets and shores.

    Only corners at which another parcel lies beside count; a link that would run through a parcel
    is left out.
    """
    strong = lines[strengths >= strong_from]
    lots = parcels[shapely.get_dimensions(parcels) == 2]
    starts, ways, owners = _corner_rays(lots)
    between = _beside_another(starts, owners, lots)
    starts, ways = starts[between], ways[between]
    if not len(strong) or not len(starts):
        return np.empty(0, dtype=object)
    rays = shapely.linestrings(np.stack([starts, starts + ways * REACH_M], axis=1))
    at, street = shapely.STRtree(strong).query(rays, predicate="intersects")
    hits = shapely.intersection(rays[at], strong[street])
    origins = shapely.points(starts[at])
    far = shapely.distance(origins, hits)
    order = np.lexsort((far, at))
    first = order[np.unique(at[order], return_index=True)[1]]
    first = first[far[first] > _SHORTEST_M]
    lengths = (far[first] + _BEYOND_M)[:, None]
    ends = starts[at[first]] + ways[at[first]] * lengths
    links = np.asarray(
        shapely.linestrings(np.stack([starts[at[first]], ends], axis=1)), dtype=object
    )
    clear: ObjectArray = links[~_through(links, parcels)]
    return clear


def _corner_rays(
    parcels: ObjectArray,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], IntArray]:
    """Corners, twice each, the directions in which their two sides run on, and their parcels."""
    starts, ways = [np.empty((0, 2))], [np.empty((0, 2))]
    owners = [np.empty(0, np.int64)]
    rings, owner = shapely.get_rings(parcels, return_index=True)
    for ring, parcel in zip(rings.tolist(), owner.tolist(), strict=True):
        xy = shapely.get_coordinates(ring)[:-1]
        arriving = xy - np.roll(xy, 1, axis=0)
        length = np.hypot(arriving[:, 0], arriving[:, 1])[:, None]
        arriving = arriving / np.maximum(length, 1e-9)
        leaving = np.roll(arriving, -1, axis=0)
        sharp = (arriving * leaving).sum(axis=1) < np.cos(np.radians(CORNER_DEG))
        starts += [xy[sharp], xy[sharp]]
        ways += [arriving[sharp], -leaving[sharp]]
        owners.append(np.full(2 * int(sharp.sum()), parcel, np.int64))
    return np.concatenate(starts), np.concatenate(ways), np.concatenate(owners)


def _beside_another(
    starts: npt.NDArray[np.float64], owners: IntArray, parcels: ObjectArray
) -> npt.NDArray[np.bool_]:
    """(n,) whether another parcel than its own lies beside a corner."""
    out = np.zeros(len(starts), bool)
    tree = shapely.STRtree(parcels)
    at, parcel = tree.query(shapely.points(starts), predicate="dwithin", distance=BESIDE_M)
    out[at[parcel != owners[at]]] = True
    return out


def _through(links: ObjectArray, parcels: ObjectArray) -> npt.NDArray[np.bool_]:
    """(n,) whether a link runs through a parcel."""
    out = np.zeros(len(links), bool)
    at, parcel = shapely.STRtree(parcels).query(links, predicate="intersects")
    inside = shapely.length(shapely.intersection(links[at], parcels[parcel])) > _SHORTEST_M
    out[at[inside]] = True
    return out
