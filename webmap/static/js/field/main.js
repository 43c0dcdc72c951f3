// The inspector's page: four views over one place, one form, one case.

import { api } from 'cityops/api';
import { h, icon, iconButton, skeleton } from 'cityops/dom';
import { t, metres } from 'cityops/i18n';
import { complain } from 'cityops/toast';
import { createFieldMap } from 'cityops/field/map';
import { GOOD_M, follow, within } from 'cityops/field/position';
import { className, failed, look, showHere, tail, waiting } from 'cityops/field/here';
import { newDraft, openForm } from 'cityops/field/form';
import { shown } from 'cityops/cases/camera';
import { countDrafts, countTasks, openCase, showMine, showTasks } from 'cityops/field/lists';
import { askDossier, dossierBody, dossierTitle } from 'cityops/dossier/view';

const boot = JSON.parse(document.getElementById('boot').textContent);
const at = (id) => document.getElementById(id);
/** `mine` is the device's own position; `follows` says that the place picked is that one. */
const state = { place: null, accuracy_m: null, found: null, chosen: null, asked: null, mine: null, follows: true, moving: null, form: null };
let field = null;
let city = null;

async function start() {
  const catalogue = await api('layers');
  city = catalogue.city;
  city.centre = city.bounds && [(city.bounds[0] + city.bounds[2]) / 2, (city.bounds[1] + city.bounds[3]) / 2];
  at('credits').textContent = (city.notices ?? []).join('');
  field = createFieldMap(at('map'), catalogue, (place, component) => { state.follows = false; pick(place, null, component); });
  window.cityopsField = { map: field.map, state };
  follow(located, (why) => { if (!state.mine) notLocated(why); });
}

/** The device said where it is. */
function located({ place, accuracy_m }) {
  const first = state.mine == null;
  if (!within(place, city.bounds)) { notLocated('away'); return; }
  const moved = first || Math.hypot(place[0] - state.mine.place[0], place[1] - state.mine.place[1]) > 5e-5;
  state.mine = { place, accuracy_m };
  field.showMe(place, accuracy_m);
  sayAccuracy(t('误差 ±{m} m', { m: accuracy_m }), accuracy_m <= GOOD_M ? t('定位良好') : t('定位较差'), accuracy_m <= GOOD_M);
  if (!state.follows || !moved || (document.querySelector('dialog[open]') && state.place)) return;
  pick(place, accuracy_m).then(placeWaiting);
  if (first) field.goTo(place);
}

/** A form that was opened before there was any position takes the first. */
function placeWaiting() {
  if (state.form && !state.form.draft.place) moveForm(state.form);
}

/** Point a form at the place picked on the map. */
function moveForm(form) {
  form.moveTo(state);
  findOut(form);
}

const WHY = { denied: '没有定位权限', none: '这台设备不能定位', late: '还没有定到位', away: '您不在本市范围内' };

/** The device does not say where it is: the map still lets people point. */
function notLocated(why) {
  sayAccuracy(t(WHY[why]), t('点地图指明位置'), false);
  if (!state.place && city.centre) { pick(city.centre, null).then(placeWaiting); field.goTo(city.centre); }
}

function sayAccuracy(words, more, good) {
  const pill = at('accuracy');
  pill.hidden = false;
  pill.className = good ? 'pill' : 'pill is-poor';
  pill.replaceChildren(h('b', {}, words), h('span', {}, more));
}

async function pick(place, accuracy_m, component = null) {
  Object.assign(state, { place, accuracy_m, found: null, chosen: null });
  field.showPin(place, state.follows && state.mine != null);
  if (!at('here').querySelector('.here-head')) waiting(at('here'));
  state.asked?.abort();
  state.asked = new AbortController();
  try {
    state.found = await look(place, state.asked.signal);
    state.chosen = state.found.components.find((one) => one.id === component) ?? state.found.components[0] ?? null;
    show();
  } catch (fault) {
    if (fault.name !== 'AbortError') failed(at('here'), fault, () => pick(place, accuracy_m, component));
  }
}

function show() {
  const { found, chosen } = state;
  at('where-title').textContent = found.cell ? t('网格 {n}', { n: tail(found.cell.code, 3) }) : t('责任区以外');
  at('where-text').textContent = [found.community?.name, found.street?.name].filter(Boolean).join('，') || t('点地图可以改位置');
  field.showCell(found.cell?.code);
  field.showNear(chosen, chosen ? [className(chosen), chosen.distance_m >= 0.5 ? metres(chosen.distance_m) : ''].join(' ').trim() : '');
  showHere(at('here'), found, chosen, (component) => { state.chosen = component; show(); });
}

/** Take a photo and file: the form opens with it, and without one when the camera gave none. */
function file(photos) {
  const form = fill(newDraft({ ...state, person: boot.person.id }));
  if (photos.length > 0) form.take(photos);
}

function fill(draft) {
  const form = openForm({ ...draft, photos: draft.photos.map((photo) => (photo.address ? photo : shown(photo))) }, {
    done: (filed, { open }) => { state.form = null; refresh(); if (open) openCase(filed.id, { closed: refresh, changed: refresh }); },
    closed: () => { Object.assign(state, { form: null, moving: null }); at('moving').hidden = true; refresh(); },
    sent: refresh,
    elsewhere: (moved) => { state.moving = moved; go('map'); at('moving').hidden = false; },
  });
  state.form = form;
  findOut(form);
  return form;
}

/** Ask what lies at the place of a form that was opened before that was known; it goes without, too. */
function findOut(form) {
  const { place, found } = form.draft;
  if (place && !found) look(place).then((answer) => form.settle(place, answer), () => {});
}

function resume(draft) {
  const form = fill(draft);
  if (draft.received) form.sendShots();
}

function placeChosen() {
  at('moving').hidden = true;
  if (state.moving) moveForm(state.moving);
  state.moving = null;
}

async function refresh() {
  countTasks(at('tasks-n')).catch(complain);
  const drafts = await countDrafts(at('mine-n'), boot.person.id);
  const note = at('left-over');
  note.hidden = drafts.length === 0;
  note.replaceChildren(icon('case', 'i-16'), h('span', { class: 'grow' }, drafts.length > 0 ? t('有 {n} 件没有发完的上报', { n: drafts.length }) : ''),
    h('button', { type: 'button', class: 'btn', onclick: () => (drafts.length === 1 ? resume(drafts[0]) : location.assign('#mine')) }, t('继续')));
  const view = location.hash.slice(1);
  if (view === 'mine' || view === 'tasks') VIEWS[view]();
}

async function openDossier() {
  const dialog = at('dossier');
  const body = h('div', { class: 'body flush' }, skeleton(8));
  const title = h('h2', {}, t('此地'));
  const tell = { section: () => {}, feature: null, kase: (id) => { dialog.close(); openCase(id, { changed: refresh }); } };
  const [lon, lat] = state.place;
  dialog.replaceChildren(h('header', {}, iconButton('x', t('关闭'), () => dialog.close()), title, h('span', { class: 't12' })), body,
    h('footer', {}, h('a', { class: 'btn btn-t btn-w', href: `/dossier?lon=${lon.toFixed(7)}&lat=${lat.toFixed(7)}`, target: '_blank', rel: 'noopener' }, icon('print'), t('打印一张纸'))));
  dialog.showModal();
  try {
    const found = await askDossier(state.place, 50);
    title.textContent = dossierTitle(found);
    body.replaceChildren(...dossierBody(found, tell));
  } catch (fault) { dialog.close(); complain(fault); }
}

const VIEWS = {
  map: () => field?.map.resize(),
  tasks: () => showTasks(at('view-tasks'), (id) => openCase(id, { closed: refresh, changed: refresh })),
  mine: () => showMine(at('view-mine'), (id) => openCase(id, { closed: refresh }), { person: boot.person.id, resume, changed: refresh }),
  me: () => {},
};

function go(name) {
  const [first, id] = name.split('/');
  const view = VIEWS[first] ? first : 'map';
  for (const other of Object.keys(VIEWS)) at(`view-${other}`).hidden = other !== view;
  for (const link of document.querySelectorAll('.tabbar a')) {
    if (link.dataset.view === view) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
  }
  VIEWS[view]();
  if (first === 'case' && id) openCase(id, { closed: () => { history.replaceState(null, '', location.pathname); refresh(); }, changed: refresh });
}

addEventListener('hashchange', () => go(location.hash.slice(1)));
at('locate-me').addEventListener('click', () => {
  state.follows = true;
  if (state.mine) { pick(state.mine.place, state.mine.accuracy_m); field.goTo(state.mine.place); } else notLocated('none');
});
at('shoot').addEventListener('change', (event) => { const files = [...event.target.files]; event.target.value = ''; file(files); });
at('shoot').addEventListener('cancel', () => file([]));
at('file').addEventListener('click', () => at('shoot').click());
at('here-dossier').addEventListener('click', openDossier);
at('moving-done').addEventListener('click', placeChosen);
at('about-map').addEventListener('click', (event) => { const open = at('credits').hidden; at('credits').hidden = !open; event.currentTarget.setAttribute('aria-expanded', String(open)); });
start().then(() => { go(location.hash.slice(1)); refresh(); }).catch(complain);
