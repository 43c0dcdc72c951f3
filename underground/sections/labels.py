"""Where labels of a drawing stand: the first of several places at which nothing stands yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

#: Picture units: a line of text of 12, and what a Latin and a Chinese letter of it take.
LINE = 14.0
_LATIN, _CHINESE = 6.9, 12.0

Box = tuple[float, float, float, float]


def text_width(text: str) -> float:
    """About how wide a text of size 12 is drawn.

    Examples
    --------
    >>> text_width("管 1")
    25.8
    """
    wide = sum(_CHINESE if ord(letter) > 0x2E7F else _LATIN for letter in text)
    return round(wide, 6)


@dataclass
class Labels:
    """Boxes (x0, y0, x1, y1) that are taken, within the borders of a drawing."""

    borders: Box
    taken: list[Box] = field(default_factory=list)

    def take(self, box: Box) -> None:
        """Nothing else shall stand here."""
        self.taken.append(box)

    def place(self, boxes: Sequence[Box]) -> int:
        """Number of the first box that is free and inside of the borders; it is taken then.

        Where none is, the one that covers least of what stands there already.

        Examples
        --------
        >>> labels = Labels((0, 0, 100, 100))
        >>> labels.place([(10, 10, 30, 20), (10, 30, 30, 40)])
        0
        >>> labels.place([(20, 10, 40, 20), (20, 30, 40, 40)])
        1
        """
        covered = [sum(_common(box, other) for other in self.taken) for box in boxes]
        outside = [0.0 if self._inside(box) else 1e6 for box in boxes]
        cost = [a + b for a, b in zip(covered, outside, strict=True)]
        best = min(range(len(boxes)), key=lambda k: (cost[k], k))
        self.take(boxes[best])
        return best

    def _inside(self, box: Box) -> bool:
        x0, y0, x1, y1 = self.borders
        return box[0] >= x0 and box[1] >= y0 and box[2] <= x1 and box[3] <= y1


def _common(a: Box, b: Box) -> float:
    """Area that two boxes share."""
    wide = min(a[2], b[2]) - max(a[0], b[0])
    tall = min(a[3], b[3]) - max(a[1], b[1])
    return wide * tall if wide > 0 and tall > 0 else 0.0
