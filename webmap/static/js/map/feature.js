// One feature in the panel: every field with its unit, titles of codes, source and quality.

import { emptyState, h, icon, skeleton } from 'cityops/dom';
import { exact, metres, quantity, t, title } from 'cityops/i18n';
import { complain, toast } from 'cityops/toast';

/** Fields that say where a feature is from and how good it is. */
const QUALITY = /^(source|surveyed_on|survey_method|surveyor|quality_level|sigma_.*|changed_on|valid_from|valid_to|accuracy_m|delivered_crs)$/;

/** A value for people: the title of its code, a date, a number with its unit. */
export function valueText(field, value) {
  if (value == null || value === '') return null;
  const code = field.codes?.find((item) => item.code === String(value));
  if (code) return title(code.title);
  if (field.type === 'boolean') return value ? t('是') : t('否');
  if (field.type === 'real' || field.type === 'integer') return exact(value, field.unit);
  return field.unit ? `${value} ${field.unit}` : String(value);
}

function lines(fields, properties) {
  return fields.flatMap((field) => {
    const text = valueText(field, properties[field.name]);
    return [h('dt', {}, title(field.title)), h('dd', text == null ? { class: 'none' } : { dataset: { field: field.name } }, text ?? t('未知'))];
  });
}

/** Name of a feature for a heading. */
export function featureName(layer, properties) {
  const classed = layer.class_field && layer.fields.find((f) => f.name === layer.class_field);
  const label = layer.label_field ? properties[layer.label_field] : null;
  return label || (classed && valueText(classed, properties[layer.class_field])) || (isGenerated(layer) && described(layer, properties)) || keyText(layer, properties);
}

/** What stands above the name: the layer with the key, or with the class where the key is the name. */
function subtitle(layer, properties) {
  const classed = layer.class_field && layer.fields.find((f) => f.name === layer.class_field);
  const isNamed = layer.label_field === layer.key;
  const more = isNamed ? classed && valueText(classed, properties[layer.class_field]) : keyText(layer, properties);
  return [title(layer.title), more].filter(Boolean).join('　');
}

/** Whether the keys of a layer were made from its contents, because the file had none. */
function isGenerated(layer) { return layer.group === 'user' && layer.key.startsWith('feature_key'); }

/** A key to read: a made one is long and says nothing, its beginning is enough. */
function keyText(layer, properties) {
  const key = String(properties[layer.key]);
  return isGenerated(layer) ? t('编号 {key}', { key: key.slice(0, 8) }) : key;
}

/** The first text of a feature without a name, or nothing. */
function described(layer, properties) {
  return layer.fields.filter((field) => field.name !== layer.key && field.type === 'text' && !QUALITY.test(field.name))
    .map((field) => valueText(field, properties[field.name])).find(Boolean) ?? null;
}

/** What conversion left as error: none where the numbers stayed or only left their plane; null is unknown. */
function conversion(origin) {
  if (!origin.converted) return t('无换算');
  if (origin.accuracy_m === 0) return t('无，同一基准，只由平面换成经纬度');
  return origin.accuracy_m != null ? `± ${quantity(origin.accuracy_m, 'm')}` : null;
}

/** How the feature came in: the system it was delivered in, what conversion cost, which delivery. */
function originLines(layer, origin) {
  if (!origin || layer.base) return [];
  const rows = [
    [t('交付坐标系'), origin.delivered_name ?? t('CGCS2000 经纬度，未经换算')],
    [t('换算误差'), conversion(origin)],
    [t('交付批次'), origin.source_id != null ? t('第 {n} 批', { n: origin.source_id }) : t('随场景装入或手工录入')],
    [t('数据版本'), origin.row_version != null ? t('第 {n} 版', { n: origin.row_version }) : null],
  ];
  return rows.flatMap(([name, text]) => [h('dt', {}, name), h('dd', text == null ? { class: 'none' } : {}, text ?? t('未知'))]);
}

function sections(layer, feature, measured) {
  const { properties } = feature;
  const known = layer.fields.filter((field) => field.name in properties && field.name !== layer.key);
  const plain = known.filter((field) => !QUALITY.test(field.name));
  const quality = known.filter((field) => QUALITY.test(field.name));
  const given = plain.filter((field) => properties[field.name] != null && properties[field.name] !== '');
  // What is measured or coded is missed; of free text an empty field says little.
  const missed = plain.filter((field) => !given.includes(field) && (field.unit || field.codes?.length > 0));
  const shown = plain.filter((field) => given.includes(field) || missed.includes(field));
  const missing = plain.filter((field) => !shown.includes(field));
  const extra = Object.entries(properties.extra ?? {});
  return [
    h('div', { class: 'sec' }, h('dl', { class: 'kv' }, lines(shown, properties), measured),
      missing.length > 0 && h('details', {}, h('summary', { class: 'mute t12' }, t('{n} 项没有资料', { n: missing.length })), h('p', { class: 't12 mute' }, missing.map((f) => title(f.title)).join('、')))),
    extra.length > 0 && h('div', { class: 'sec' }, h('h4', {}, t('原文件的其他列')), h('dl', { class: 'kv' }, extra.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, String(value ?? ''))]))),
    h('div', { class: 'sec' }, h('h4', {}, t('来源与质量')), h('dl', { class: 'kv' }, lines(quality, properties), originLines(layer, feature.origin)),
      layer.notice && h('p', { class: 'hint' }, layer.notice)),
  ];
}

function measures(layer, properties) {
  const out = [];
  if (properties._length_m != null) out.push(h('dt', {}, t('长度')), h('dd', {}, metres(properties._length_m)));
  if (properties._area_m2 != null) out.push(h('dt', {}, t('面积')), h('dd', {}, quantity(properties._area_m2, 'm²', 0)));
  return out;
}

/**
 * Opens features in the panel. Tools add to it by `(layer, feature) => element or null`: buttons to
 * `app.feature.acts`, and what a person should read first to `app.feature.notes`.
 */
export function startFeaturePanel(app) {
  let asked = null;
  const acts = [];
  const notes = [];

  async function open(name, key, { push = true, fly = false } = {}) {
    const layer = app.layers.get(name);
    if (!layer) return;
    asked?.abort();
    asked = new AbortController();
    const slow = setTimeout(() => app.panel.show({ title: String(key), subtitle: title(layer.title), body: skeleton(6), onclose: leave }), 120);
    try {
      const feature = await app.api(`layers/${name}/features/${encodeURIComponent(key)}`, { signal: asked.signal });
      clearTimeout(slow);
      show(layer, feature);
      app.layers.mark(name, feature);
      app.state.set({ sel: `${name}/${key}` }, { push });
      if (fly) flyTo(feature);
    } catch (fault) {
      clearTimeout(slow);
      if (fault.name === 'AbortError') return;
      if (fault.status === 404) {
        app.panel.show({ title: t('没有这条数据'), subtitle: title(layer.title), onclose: leave, body: emptyState(String(key), t('可能已删除，或不在您的权限内。')) });
      } else complain(fault);
    }
  }
  function leave() {
    app.layers.mark(null, null);
    app.state.set({ sel: null }, { push: true });
  }
  function show(layer, feature) {
    const { properties } = feature;
    const made = (makers) => makers.map((make) => make(layer, feature)).filter(Boolean);
    const zoom = h('button', { type: 'button', class: 'btn', onclick: () => flyTo(feature) }, icon('fit', 'i-16'), t('居中'));
    const share = h('button', { type: 'button', class: 'btn', onclick: copyLink }, icon('share', 'i-16'), t('复制链接'));
    app.panel.show({
      subtitle: subtitle(layer, properties), title: featureName(layer, properties), tags: tags(layer, properties),
      body: [...made(notes), ...sections(layer, feature, measures(layer, properties))], footer: [...made(acts), zoom, share], onclose: leave,
    });
  }
  function flyTo(feature) {
    const box = boxOf(feature.geometry);
    app.map.fitBounds(box, { padding: { top: 80, bottom: 80, left: 300, right: 80 }, maxZoom: Math.max(18, app.map.getZoom()), duration: 300 });
  }
  async function copyLink() {
    try { await navigator.clipboard.writeText(app.state.link()); toast(t('链接已复制，打开的人只看到他有权看的')); } catch { toast(t('浏览器不允许复制，请复制地址栏'), { bad: true }); }
  }
  app.feature = { open, acts, notes, flyTo };
  return app.feature;
}

function tags(layer, properties) {
  const shown = layer.fields.filter((field) => ['status', 'state', 'quality_level', 'grade'].includes(field.name) && properties[field.name]);
  return shown.length > 0 ? shown.map((field) => h('span', { class: 'tag line' }, `${title(field.title)} ${valueText(field, properties[field.name])}`)) : null;
}

/** Box of a GeoJSON geometry: [west, south, east, north]. */
export function boxOf(geometry) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  const walk = (part) => {
    if (typeof part[0] === 'number') {
      box[0] = Math.min(box[0], part[0]); box[1] = Math.min(box[1], part[1]);
      box[2] = Math.max(box[2], part[0]); box[3] = Math.max(box[3], part[1]);
    } else part.forEach(walk);
  };
  walk(geometry.coordinates);
  return box;
}
