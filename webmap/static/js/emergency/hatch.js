// Hatches of the four ranks, for the map and for lists: readable without colour and on a grey print.

import { s } from 'cityops/dom';
import { token } from 'cityops/theme';

const SIZE = 16;

/** Strokes of a tile of 16 by 16 that repeats without a seam; `dot` draws filled circles. */
const MARKS = {
  red: { paths: ['M0 0L16 16', 'M16 0L0 16'], width: 1.4 },
  orange: { paths: ['M-4 12L12 -4', 'M4 20L20 4'], width: 2.2 },
  yellow: { dots: [[4, 4], [12, 12]], radius: 1.2 },
  blue: { paths: ['M0 4H16', 'M0 12H16'], width: 1.4 },
};

/** Colours of a rank in the page's theme: fill, line, text on the fill. */
export function rankColours(rank) {
  return { fill: token(`w-${rank}`), line: token(`w-${rank}-line`), on: token(`w-${rank}-on`), ink: token(`w-${rank}-ink`) };
}

/** The hatch as pixels for `map.addImage`, at twice the size. */
export function hatchImage(rank) {
  const canvas = document.createElement('canvas');
  canvas.width = SIZE * 2;
  canvas.height = SIZE * 2;
  const brush = canvas.getContext('2d');
  brush.scale(2, 2);
  const { paths = [], width = 1, dots = [], radius = 0 } = MARKS[rank];
  const colour = rankColours(rank).line;
  brush.strokeStyle = colour;
  brush.fillStyle = colour;
  brush.lineWidth = width;
  for (const path of paths) brush.stroke(new Path2D(path));
  for (const [x, y] of dots) { brush.beginPath(); brush.arc(x, y, radius, 0, 2 * Math.PI); brush.fill(); }
  return brush.getImageData(0, 0, canvas.width, canvas.height);
}

let made = 0;

/** A small picture of a zone for legends and lists. */
export function hatchSwatch(rank) {
  const { paths = [], width = 1, dots = [], radius = 0 } = MARKS[rank];
  const { fill, line } = rankColours(rank);
  made += 1;
  const id = `em-hatch-${made}`;
  return s('svg', { class: 'em-swatch', viewBox: '0 0 32 18', 'aria-hidden': 'true' },
    s('defs', {}, s('pattern', { id, width: SIZE, height: SIZE, patternUnits: 'userSpaceOnUse', patternTransform: 'scale(.6)' },
      paths.map((d) => s('path', { d, stroke: line, 'stroke-width': width, fill: 'none' })), dots.map(([cx, cy]) => s('circle', { cx, cy, r: radius, fill: line })))),
    s('rect', { x: 1, y: 1, width: 30, height: 16, rx: 2, fill, 'fill-opacity': 0.3 }),
    s('rect', { x: 1, y: 1, width: 30, height: 16, rx: 2, fill: `url(#${id})`, stroke: line, 'stroke-width': 1.4 }));
}
