// Measuring on the map: a line's length, or the area of a ring that is closed.

import { areaOf, lengthOf } from 'cityops/coords';
import { h } from 'cityops/dom';
import { quantity, t } from 'cityops/i18n';
import { toast } from 'cityops/toast';

function text(geometry) {
  if (!geometry) return '';
  if (geometry.type === 'Polygon') {
    const area = areaOf(geometry.coordinates[0]);
    const rim = lengthOf(geometry.coordinates[0]);
    return t('{area}，周长 {rim}', { area: area < 1e6 ? quantity(area, 'm²', area < 100 ? 1 : 0) : quantity(area / 1e6, 'km²', 2), rim: distance(rim) });
  }
  return geometry.coordinates.length > 1 ? distance(lengthOf(geometry.coordinates)) : '';
}

function distance(m) { return m < 1000 ? quantity(m, 'm', m < 100 ? 2 : 1) : quantity(m / 1000, 'km', 3); }

/** Buttons that measure, in the tool bar. */
export function startMeasure(app) {
  const readout = h('span', { class: 'm nowrap', role: 'status', style: { padding: '0 8px', 'line-height': '32px' }, hidden: true });
  let busy = null;
  const stop = app.bus.on('draw:change', (feature) => { if (busy) { readout.hidden = false; readout.textContent = text(feature?.geometry) || t('点一下起点，双击结束'); } });
  async function run(kind, button) {
    const again = busy === button;
    busy?.setAttribute('aria-pressed', 'false');
    busy = null;
    readout.hidden = true;
    app.draw.clear();
    if (again) return;
    busy = button;
    button.setAttribute('aria-pressed', 'true');
    readout.hidden = false;
    readout.textContent = t('点一下起点，双击结束');
    const geometry = await app.draw.shape(kind);
    if (busy !== button) return;
    if (geometry) { readout.textContent = text(geometry); toast(t('量得 {text}，地面近似值', { text: text(geometry) }), { seconds: 6 }); } else { readout.hidden = true; busy = null; button.setAttribute('aria-pressed', 'false'); }
  }
  const line = app.bar.add({ icon: 'ruler', title: t('量距'), onclick: () => run('line', line) });
  const area = app.bar.add({ icon: 'poly', title: t('量面'), onclick: () => run('polygon', area) });
  app.bar.element.append(readout);
  return stop;
}
