// What is asked for before a run: place, masses, levels, model; kept in the address as typed.

import { t } from 'cityops/i18n';
import { massesOf, massFault, parseMass } from 'cityops/emergency/form';
import { ALTERNATIVES, alternativeWord, massText } from 'cityops/emergency/words';

export const NAMES = Object.keys(ALTERNATIVES);

/** `117.1933,39.1176` as a position; null when it is the key of a site. */
export function parseSource(src) {
  const parts = src.split(',').map(Number);
  return parts.length === 2 && parts.every(Number.isFinite) ? parts : null;
}

/** Levels and models of the interface, asked for once; again after a failure. */
export function createFacts(app) {
  let asked = null;
  return async () => {
    asked ??= Promise.all([app.api('hazards/levels'), app.api('hazards/models')]).then(([levels, models]) => ({ levels: levels.levels, models: models.models, fallback: models.default }));
    try { return await asked; } catch (fault) { asked = null; throw fault; }
  };
}

/** Hazard sites that the person may see, the gravest grade first. */
export async function listSites(app) {
  if (!app.layers.get('hazard_sites')) return [];
  const page = await app.api('layers/hazard_sites/features', { query: { limit: 500 } });
  const grades = ['1', '2', '3', '4', 'none'];
  const rank = (one) => grades.indexOf(one.properties.grade) + 1 || 9;
  return page.features.sort((a, b) => rank(a) - rank(b) || String(a.properties.id).localeCompare(b.properties.id));
}

/** What the form starts with: as typed in the address, else the site's own record. */
export async function startForm(app, src, facts) {
  const { state } = app;
  const place = parseSource(src);
  const site = place ? null : await app.api(`layers/hazard_sites/features/${encodeURIComponent(src)}`);
  const lngLat = place ?? site.geometry.coordinates;
  const typed = state.get('m')?.split(',');
  const own = site && massesOf(site.properties);
  return {
    src, site, lngLat, own, name: site?.properties.name ?? t('自选位置'),
    note: [site?.properties.substance, ...lngLat.map((n) => n.toFixed(5))].filter(Boolean).join(t('，')),
    masses: Object.fromEntries(NAMES.map((name, i) => [name, typed ? typed[i] ?? '' : own?.[name] == null ? '' : String(own[name])])),
    levels: state.get('lv')?.split(',') ?? facts.levels.filter((one) => one.offered).map((one) => `${one.level}${one.unit}`),
    model: state.get('md') ?? facts.fallback,
  };
}

/** A typed mass for the address, where commas part the masses. */
const plain = (text) => (/[,，]/.test(text) ? String(Number.isFinite(parseMass(text)) ? parseMass(text) : text.replaceAll(/[,，]/g, '')) : text);

/** The form's state for the address. */
export function written(form) {
  return { m: NAMES.map((name) => plain(form.masses[name])).join(','), lv: form.levels.join(','), md: form.model };
}

/** A run's inputs for the address, to change and compute anew. */
export function writtenOf(run) {
  const mass = Object.fromEntries(run.alternatives.map((one) => [one.name, one.mass_kg]));
  return {
    src: run.site?.id ?? `${run.place.lon},${run.place.lat}`, md: run.model,
    m: NAMES.map((name) => mass[name] ?? '').join(','), lv: run.levels.map((one) => `${one.level}${one.unit}`).join(','),
  };
}

/** What cannot be sent, each told of its field, in the form of a refusal; null when all is well. */
export function unreadable(form) {
  const given = NAMES.filter((name) => form.masses[name]?.trim());
  const errors = given.map((name) => [name, massFault(form.masses[name])]).filter(([, why]) => why).map(([name, why]) => at(name, why));
  if (given.length === 0) errors.push(at('likely', t('至少填一种 TNT 当量')));
  if (errors.length === 0) errors.push(...unordered(form, given));
  return errors.length > 0 ? { errors } : null;
}

const at = (name, message) => ({ code: 'hazard.mass', field: `masses_kg.${name}`, message });

/** Masses that are below the one before them. */
function unordered(form, given) {
  return given.slice(1).map((name, i) => [given[i], name]).filter(([less, more]) => parseMass(form.masses[less]) > parseMass(form.masses[more]))
    .map(([less, more]) => at(more, t('“{more}”不能小于“{less}”的 {mass}', { more: alternativeWord(more), less: alternativeWord(less), mass: massText(parseMass(form.masses[less])) })));
}

/** The request; the masses of a site's own record are left to the server, which notes their origin. */
export function requestOf(form) {
  const masses = Object.fromEntries(NAMES.filter((name) => form.masses[name]).map((name) => [name, parseMass(form.masses[name])]));
  const same = form.own && NAMES.every((name) => (masses[name] ?? null) === form.own[name]);
  const where = form.site ? { site: form.src } : { lon: form.lngLat[0], lat: form.lngLat[1] };
  return { ...where, ...(same ? {} : { masses_kg: masses }), levels: form.levels, model: form.model };
}
