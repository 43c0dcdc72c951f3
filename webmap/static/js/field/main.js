// The inspector's page: four views over one place, one form, one case.

import { api } from 'cityops/api';
import { t, title } from 'cityops/i18n';
import { complain } from 'cityops/toast';
import { createFieldMap } from 'cityops/field/map';
import { whereAmI, within } from 'cityops/field/position';
import { look, showHere, waiting, failed, tail } from 'cityops/field/here';
import { openForm } from 'cityops/field/form';
import { kept } from 'cityops/field/draft';
import { shown } from 'cityops/field/photos';
import { showTasks, showMine, openCase, countTasks } from 'cityops/field/lists';

const boot = JSON.parse(document.getElementById('boot').textContent);
const at = (id) => document.getElementById(id);
const state = { place: null, accuracy_m: null, found: null, chosen: null, asked: null };
let field = null;
let city = null;

async function start() {
  const catalogue = await api('layers');
  city = catalogue.city;
  at('credits').textContent = (city.notices ?? []).join('；');
  field = createFieldMap(at('map'), catalogue, (lon, lat) => pick([lon, lat], null));
  window.cityopsField = { map: field.map };
  await findMe();
}

async function findMe() {
  const position = await whereAmI();
  if (position && within(position.place, city.bounds)) {
    field.showMe(position.place);
    showAccuracy(position.accuracy_m);
    await pick(position.place, position.accuracy_m);
    field.goTo(position.place);
    return;
  }
  showAccuracy(null);
  if (!state.place) {
    await pick(city.centre, null);
    field.goTo(city.centre);
  }
}

function showAccuracy(accuracy_m) {
  const tag = at('accuracy');
  tag.hidden = false;
  tag.textContent = accuracy_m == null ? t('没有卫星定位') : t('误差 ±{m} m', { m: accuracy_m });
  tag.className = `tag ${accuracy_m == null || accuracy_m > 50 ? 'soon' : 'ok'}`;
}

async function pick(place, accuracy_m) {
  Object.assign(state, { place, accuracy_m, found: null, chosen: null });
  field.showPin(place);
  waiting(at('here'));
  state.asked?.abort();
  state.asked = new AbortController();
  try {
    state.found = await look(place, state.asked.signal);
    state.chosen = state.found.components[0] ?? null;
    show();
  } catch (fault) {
    if (fault.name !== 'AbortError') failed(at('here'), fault, () => pick(place, accuracy_m));
  }
}

function show() {
  const { found } = state;
  at('where-title').textContent = found.cell ? t('网格 {n}', { n: tail(found.cell.code, 3) }) : t('责任区以外');
  const named = [found.community?.name, found.street?.name].filter(Boolean).join('，');
  at('where-text').textContent = [named || t('点地图可以改位置'), title(city.title ?? city.name), city.synthetic ? t('合成数据') : ''].filter(Boolean).join('　');
  showHere(at('here'), found, state.chosen, (component) => { state.chosen = component; show(); });
}

async function file() {
  const draft = await kept(boot.person.id);
  if (draft) draft.photos = draft.photos.map(shown);
  openForm({ about: state, person: boot.person.id, draft, done: (filed, open) => { refresh(); if (open) openCase(filed.id, refresh); } });
}

function refresh() {
  countTasks(at('tasks-n')).catch(complain);
}

const VIEWS = {
  map: () => field?.map.resize(),
  tasks: () => showTasks(at('view-tasks'), (id) => openCase(id, () => go('tasks'))),
  mine: () => showMine(at('view-mine'), (id) => openCase(id, () => go('mine'))),
  me: () => {},
};

function go(name) {
  const view = VIEWS[name] ? name : 'map';
  for (const other of Object.keys(VIEWS)) at(`view-${other}`).hidden = other !== view;
  for (const link of document.querySelectorAll('.tabbar a')) {
    if (link.dataset.view === view) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
  }
  VIEWS[view]();
}

addEventListener('hashchange', () => go(location.hash.slice(1)));
at('locate-me').addEventListener('click', () => findMe().catch(complain));
at('file').addEventListener('click', () => file().catch(complain));
start().then(() => { go(location.hash.slice(1)); refresh(); }).catch(complain);
