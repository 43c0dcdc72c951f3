// Drawing on the map: one shape at a time, with a promise for the shape.

import { TerraDraw, TerraDrawCircleMode, TerraDrawLineStringMode, TerraDrawModeUndoRedo, TerraDrawPointMode, TerraDrawPolygonMode, TerraDrawRectangleMode } from 'terra-draw';
import { TerraDrawMapLibreGLAdapter } from 'terra-draw-maplibre-gl-adapter';
import * as ml from 'maplibre-gl';
import { bindKey } from 'cityops/keys';
import { t } from 'cityops/i18n';
import { token } from 'cityops/theme';

/** What each mode draws; the board also holds the points that help drawing. */
const SHAPES = { polygon: 'Polygon', rectangle: 'Polygon', circle: 'Polygon', line: 'LineString', point: 'Point' };
/** What a second click consists of, and how long and how near to the first it is one, in ms and pixels. */
const CLICK = ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click', 'dblclick'];
const SECOND_MS = 500;
const SECOND_PX = 8;
const MODES = { polygon: 'polygon', rectangle: 'rectangle', line: 'linestring', point: 'point', circle: 'circle' };

function make(map) {
  const accent = token('accent');
  const halo = token('m-halo');
  const area = { fillColor: accent, fillOpacity: 0.1, outlineColor: accent, outlineWidth: 2.5, closingPointColor: halo, closingPointOutlineColor: accent, closingPointOutlineWidth: 2.5, closingPointWidth: 6 };
  return new TerraDraw({
    adapter: new TerraDrawMapLibreGLAdapter({ map, lib: ml, prefixId: 'draw' }),
    undoRedo: { modeLevel: new TerraDrawModeUndoRedo() },
    modes: [
      new TerraDrawPolygonMode({ styles: area }), new TerraDrawRectangleMode({ styles: area }), new TerraDrawCircleMode({ styles: area }),
      new TerraDrawLineStringMode({ styles: { lineStringColor: accent, lineStringWidth: 3, closingPointColor: halo, closingPointOutlineColor: accent, closingPointOutlineWidth: 2.5, closingPointWidth: 6 } }),
      new TerraDrawPointMode({ styles: { pointColor: accent, pointOutlineColor: halo, pointOutlineWidth: 2, pointWidth: 7 } }),
    ],
  });
}

/** The drawing board of the map. `app.draw.shape('polygon')` gives a GeoJSON geometry, or null when the person gives up. */
export function createDraw(app) {
  let board = null;
  let waiting = null;
  let freeKeys = null;
  let mode = null;
  let settling = false;

  function start() {
    if (!board) {
      board = make(app.map);
      board.start();
      board.on('finish', (id, { action }) => { if (action === 'draw') done(board.getSnapshotFeature(id)); });
      board.on('change', () => { if (waiting) app.bus.emit('draw:change', board.getSnapshot().find((one) => one.geometry.type === SHAPES[mode]) ?? null); });
    }
    return board;
  }
  function done(feature) {
    const told = waiting;
    waiting = null;
    freeKeys?.();
    freeKeys = null;
    board.setMode('static');
    if (feature) settle();
    app.map.getCanvas().style.cursor = '';
    app.bus.emit('draw:end', feature ?? null);
    told?.(feature ? rounded(feature.geometry) : null);
  }
  /** The click and double click that finished a shape belong to it: until the pointer moves on the map hears of neither. */
  function settle() {
    const { map } = app;
    const moves = ['pointerdown', 'pointermove'];
    const over = () => {
      settling = false;
      map.doubleClickZoom.enable();
      moves.forEach((name) => map.getCanvasContainer().removeEventListener(name, over, true));
    };
    settling = true;
    map.doubleClickZoom.disable();
    moves.forEach((name) => map.getCanvasContainer().addEventListener(name, over, true));
    shield(map.getCanvasContainer());
  }
  return {
    /** Whether the person is drawing now: clicks then belong to the drawing. */
    get isDrawing() { return waiting != null || settling; },
    /** Draw one shape: polygon, rectangle, line, point or circle. The finished shape stays until `clear`. */
    shape(kind) {
      if (waiting) done(null);
      const drawing = start();
      drawing.clear();
      mode = kind;
      drawing.setMode(MODES[kind]);
      const keys = [
        bindKey('Escape', t('不画了'), () => { drawing.clear(); done(null); }),
        bindKey('Backspace', t('退回一个角点'), () => this.undo()),
      ];
      freeKeys = () => keys.forEach((free) => free());
      app.bus.emit('draw:start', kind);
      return new Promise((resolve) => { waiting = resolve; });
    },
    /** Take back the last corner of what is being drawn; false when there is none. */
    undo() {
      if (!waiting || !board.canUndo()) return false;
      board.undo();
      return true;
    },
    /** Take away what was drawn. */
    clear() {
      if (waiting) done(null);
      board?.clear();
    },
    /** Show a shape as if it had been drawn: after a reload, or when Back restores it. */
    put(geometry) {
      const drawing = start();
      drawing.clear();
      const drawn = { Polygon: 'polygon', LineString: 'linestring', Point: 'point' }[geometry.type];
      drawing.addFeatures([{ type: 'Feature', geometry, properties: { mode: drawn } }]);
    },
  };
}

/** What slides in under the pointer as a shape is finished gets nothing of the double click that finished it. */
function shield(canvas) {
  let first = null;
  const swallow = (event) => {
    if (canvas.contains(event.target)) { first = [event.clientX, event.clientY]; return; }
    const near = !first || Math.hypot(event.clientX - first[0], event.clientY - first[1]) <= SECOND_PX;
    if (!near || event.detail === 0 && event.type === 'click') return; // by the keyboard
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  CLICK.forEach((name) => window.addEventListener(name, swallow, true));
  setTimeout(() => CLICK.forEach((name) => window.removeEventListener(name, swallow, true)), SECOND_MS);
}

/** Nine decimals, a tenth of a millimetre: what a pointer can mean, and what the board accepts back. */
function rounded(geometry) {
  const cut = (part) => (typeof part === 'number' ? Number(part.toFixed(9)) : part.map(cut));
  return { type: geometry.type, coordinates: cut(geometry.coordinates) };
}
