// Filing conditions of a class: when it is a case, and how long disposal may take.

import { api } from 'cityops/api';
import { h } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { limitWords } from 'cityops/cases/words';

const known = new Map();

/** The filing conditions of a class; none where no table has any, or the line is down. */
export async function conditionsOf({ domain, scheme, code }) {
  const key = `${domain} ${scheme} ${code}`;
  if (known.has(key)) return known.get(key);
  try {
    const { conditions } = await api('cases/conditions', { query: { domain, scheme, class_code: code } });
    known.set(key, conditions);
    return conditions;
  } catch {
    return [];
  }
}

/** The block of the form in which a condition is chosen; a single one is told. Nothing without any. */
export function pickCondition(form) {
  const { conditions, draft } = form;
  if (!draft.chosen || !conditions?.length) return [];
  const head = (more) => h('div', { class: 'group-head' }, h('b', {}, t('立案条件')), h('span', { class: 'mute' }, more));
  if (conditions.length === 1) return [h('section', { dataset: { condition: conditions[0].id } }, head(''), words(conditions[0]))];
  return [h('section', {}, head(t('可不选，由值班长定')), h('div', { class: 'parts conditions', role: 'radiogroup', 'aria-label': t('立案条件') },
    conditions.map((one) => option(form, one)), option(form, null)))];
}

function words(one) {
  return h('div', { class: 'condition' }, h('b', {}, one.title), h('span', { class: 'mute' }, limitWords(one)));
}

function option(form, one) {
  return h('label', {}, h('input', { type: 'radio', name: 'condition', value: one?.id ?? '', checked: (one?.id ?? null) === (form.draft.condition ?? null), onchange: () => form.allege(one) }),
    one ? words(one) : h('span', { class: 'grow' }, t('说不准，留给值班长')));
}
