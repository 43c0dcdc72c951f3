// Photos that go with an act; sent before it, so that whoever acts next sees them.

import { h, icon } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { drop, takeIn } from 'cityops/cases/camera';
import { uploadPhoto } from 'cityops/cases/upload';

/** The field of photos; where one `must` be there, `fault()` says so. `kind` says what they show. */
export function shotsField({ must = false, kind = null } = {}) {
  const taken = [];
  const row = h('div', { class: 'shots' });
  const line = h('p', { class: 'bad t12', role: 'alert', hidden: true }, t('先拍一张处置后的照片'));
  const bar = h('div', { class: 'progress', role: 'progressbar', 'aria-label': t('正在传照片'), hidden: true }, h('i'));
  const add = async (files) => { for (const file of files) taken.push(await takeIn(file)); line.hidden = true; draw(); };
  const draw = () => row.replaceChildren(...taken.map((photo, i) => h('figure', { class: 'shot' }, h('img', { src: photo.address, alt: t('照片 {n}', { n: i + 1 }) }),
    h('button', { type: 'button', 'aria-label': t('去掉照片 {n}', { n: i + 1 }), onclick: () => { drop(photo); taken.splice(i, 1); draw(); } }, icon('x', 'i-16')))),
  h('label', { class: 'shot add' }, icon('cam'), h('span', {}, taken.length ? t('再拍') : t('拍照')),
    h('input', { type: 'file', accept: 'image/*', capture: 'environment', 'aria-label': t('拍照'), onchange: (event) => add([...event.target.files]) })));
  draw();
  return {
    element: h('div', { class: 'field' }, h('span', { class: 'lbl' }, must ? t('处置后的照片') : t('照片（可不拍）')), row, bar, line),
    isShort: () => must && taken.length === 0,
    fault() { line.hidden = false; line.scrollIntoView({ block: 'nearest' }); },
    async send(one) {
      const waiting = taken.filter((photo) => !photo.sent);
      bar.hidden = waiting.length === 0;
      for (const [i, photo] of waiting.entries()) {
        await uploadPhoto(one.id, photo, { kind, sent: (share) => bar.firstChild.style.setProperty('width', `${Math.round((100 * (i + share)) / waiting.length)}%`) });
        photo.sent = true;
      }
    },
  };
}
