// The map page. Puts the parts together and opens the tool that the address names.

import * as ml from 'maplibre-gl';
import { ApiError, api } from 'cityops/api';
import { createBus } from 'cityops/bus';
import { emptyState, h, icon } from 'cityops/dom';
import { startFooter } from 'cityops/footer';
import { t } from 'cityops/i18n';
import { bindKey } from 'cityops/keys';
import { createDraw } from 'cityops/map/draw';
import { startFeaturePanel } from 'cityops/map/feature';
import { createLayers, styleOf } from 'cityops/map/layers';
import { startLayerPanel } from 'cityops/map/layerpanel';
import { startList } from 'cityops/map/list';
import { startMeasure } from 'cityops/map/measure';
import { startPointer } from 'cityops/map/pointer';
import { createRegions } from 'cityops/regions';
import { createState, parsePlace } from 'cityops/state';
import { complain, toast } from 'cityops/toast';
import { startTools } from 'cityops/tools';

ml.setWorkerUrl(document.querySelector('meta[name=maplibre-worker]').content);

const boot = JSON.parse(document.getElementById('boot').textContent);
const bus = createBus();

/** What tools get. See docs/frontend.md. */
const app = { ml, bus, api, boot, toast, complain, state: createState(bus), ...createRegions(bus), layersReady: false };
window.cityops = app;

async function start() {
  const { layers, city } = await api('layers');
  app.city = city;
  const place = parsePlace(app.state.get('at'));
  app.map = new ml.Map({
    container: 'map', style: styleOf(layers, boot.background, latitudeOf(city)), attributionControl: false, dragRotate: true, pitchWithRotate: false, maxPitch: 0,
    maxZoom: 21, minZoom: 3, fadeDuration: 120, localIdeographFontFamily: false, ...(place ?? { bounds: city.bounds, fitBoundsOptions: { padding: 24 } }),
    locale: { 'Map.Title': t('地图') },
  });
  app.map.touchZoomRotate.disableRotation();
  app.layers = createLayers(app, layers);
  app.draw = createDraw(app);
  app.bar = createBar();
  startButtons();
  startFooter(app);
  startLayerPanel(app);
  startFeaturePanel(app);
  app.list = startList(app);
  startMeasure(app);
  keepPlace();
  showLoading();
  if (layers.length === 0) showNothing();
  app.map.once('load', () => {
    app.layers.start();
    startPointer(app);
    restore();
    bus.emit('ready', app);
  });
  app.tools = startTools(app, boot.tools);
  bus.on('state', () => { app.layers.follow(); follow(); });
  bus.on('resize', () => app.map.resize());
  startKeys();
}

function latitudeOf({ bounds: [, south, , north] }) { return (south + north) / 2; }

/** The tool bar over the map; `add` gives the button. */
function createBar() {
  const element = document.getElementById('tools');
  return {
    element,
    add({ icon: name, title, onclick, pressed = false }) {
      const button = h('button', { type: 'button', class: 'btn', 'aria-pressed': String(pressed), title, onclick }, icon(name, 'i-16'), h('span', {}, title));
      element.append(button);
      return button;
    },
  };
}

function startButtons() {
  const at = (id) => document.getElementById(id);
  const needle = at('north').querySelector('.needle');
  at('zoom-in').addEventListener('click', () => app.map.zoomIn());
  at('zoom-out').addEventListener('click', () => app.map.zoomOut());
  at('north').addEventListener('click', () => app.map.rotateTo(0, { duration: 200 }));
  at('whole').addEventListener('click', () => app.map.fitBounds(app.city.bounds, { padding: 24, duration: 400 }));
  app.map.on('rotate', () => { needle.style.transform = `rotate(${-app.map.getBearing()}deg)`; });
}

/** Centre and zoom into the address, when the map has come to rest. */
function keepPlace() {
  app.map.on('moveend', () => {
    const { lng, lat } = app.map.getCenter();
    const digits = Math.min(6, Math.max(3, Math.ceil(app.map.getZoom() / 3)));
    app.state.set({ at: `${lng.toFixed(digits)},${lat.toFixed(digits)},${app.map.getZoom().toFixed(2)}` });
  });
}

function showLoading() {
  const line = document.getElementById('loading');
  let timer = 0;
  app.map.on('dataloading', () => { clearTimeout(timer); timer = setTimeout(() => line.classList.toggle('on', !app.map.areTilesLoaded()), 200); });
  app.map.on('idle', () => { clearTimeout(timer); line.classList.remove('on'); document.documentElement.dataset.map = 'idle'; });
  app.map.on('error', ({ error }) => { if (error?.status !== 404) console.warn(error?.message); });
}

function showNothing() {
  const box = document.getElementById('map-state');
  box.hidden = false;
  box.replaceChildren(h('div', { class: 'card' }, emptyState(t('还没有可看的图层'), t('您的角色没有图层权限，或数据还没导入。请找数据管理员。'))));
}

/** What the address names besides the place: selection and list. */
function restore() {
  dropUnknown();
  const chosen = app.state.get('sel');
  if (chosen) openPath(chosen);
  const listed = app.state.get('list');
  if (listed) app.list.open(listed, { push: false });
}

/** Take names that nothing here has out of the address, and say so. */
function dropUnknown() {
  const gone = [['list', (name) => app.layers.get(name)], ['tool', (name) => boot.tools[name]]]
    .filter(([part, known]) => app.state.get(part) && !known(app.state.get(part)));
  if (gone.length === 0) return;
  const names = gone.map(([part]) => app.state.get(part)).join('、');
  app.state.set(Object.fromEntries(gone.map(([part]) => [part, null])));
  toast(t('地址里的“{names}”不存在或无权看，已略去', { names }));
}

function follow() {
  const place = parsePlace(app.state.get('at'));
  if (place) app.map.jumpTo(place);
  const chosen = app.state.get('sel');
  const shown = app.layers.selection;
  if (!chosen) { if (shown) app.panel.close(); } // what a tool shows there is the tool's
  else if (!shown || chosen !== `${shown.layer}/${shown.key}`) openPath(chosen);
}

function openPath(path) {
  const at = path.indexOf('/');
  app.feature.open(path.slice(0, at), path.slice(at + 1), { push: false });
}

function startKeys() {
  bindKey('j', t('下一条'), () => app.list.step(1));
  bindKey('k', t('上一条'), () => app.list.step(-1));
  bindKey('l', t('打开列表'), () => app.list.open(app.list.layer ?? app.layers.clickable()[0]?.name));
  bindKey('Escape', t('关闭'), () => {
    if (app.panel.isOpen) app.panel.close();
    else if (app.drawer.isOpen) app.drawer.close();
    else return false;
    return true;
  });
  document.addEventListener('search:go', (event) => {
    event.preventDefault();
    const hit = event.detail;
    if (hit.position) app.map.jumpTo({ center: hit.position, zoom: Math.max(hit.zoom ?? 17, app.map.getZoom()) });
    else if (hit.bounds) app.map.fitBounds(hit.bounds, { padding: 60, duration: 0 });
    if (hit.layer && hit.key) app.feature.open(hit.layer, hit.key, { fly: !hit.position });
    else if (hit.kind === 'position') app.showPosition({ lng: hit.position[0], lat: hit.position[1] });
    bus.emit('search', hit);
  });
}

start().catch((fault) => {
  const box = document.getElementById('map-state');
  box.hidden = false;
  const known = fault instanceof ApiError;
  if (!known) console.error(fault);
  box.replaceChildren(h('div', { class: 'card' }, emptyState(t('地图没有打开'), known ? fault.message : t('浏览器可能太旧，或关闭了 WebGL。'),
    h('button', { type: 'button', class: 'btn btn-p', onclick: () => location.reload() }, t('再试一次')))));
});
