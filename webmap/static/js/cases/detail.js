// One case: what it is, its photos, what may be done next, and everything that happened to it.

import { api } from 'cityops/api';
import { h, emptyState } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { complain, toast } from 'cityops/toast';
import { acts, move } from 'cityops/cases/acts';
import { deadlines } from 'cityops/cases/deadline';
import { doubts, facts, heading, merged, photos, returned, story, waiting } from 'cityops/cases/parts';

const LOOK_AGAIN_MS = [800, 1500, 3000, 5000, 8000];

/**
 * Show the case `id` in `into`. `changed(case)` is told after each act; `touch` makes targets
 * larger; `head` false leaves the heading to the page; `begun` is an act to go on with.
 */
export async function caseDetail(into, id, options = {}) {
  try {
    const one = await withTwins(await api(`cases/${id}`));
    draw(into, one, options);
    return one;
  } catch (fault) {
    into.replaceChildren(emptyState(fault.error?.message ?? t('没有取到案件'), fault.error?.hint,
      h('button', { type: 'button', class: 'btn', onclick: () => caseDetail(into, id, options) }, t('再试一次'))));
    return null;
  }
}

/** The case with those that may be the same thing, where it may be linked to one of them. */
async function withTwins(one) {
  if (!one.actions?.some((action) => action.action === 'link')) return one;
  try { return { ...one, ...await api(`cases/${one.id}/duplicates`) }; } catch { return one; /* without them nothing is linked */ }
}

function draw(into, one, options) {
  const { touch = false, head = true, begun = null, notice = null } = options;
  const shots = h('div', {}, photos(one) ?? '');
  into.replaceChildren(...[head ? heading(one) : null, notice && h('p', { class: 'banner case-notice', role: 'alert' }, notice),
    deadlines(one), merged(one), returned(one), waiting(one),
    acts(one, { size: touch ? 'btn-t' : '', begun, done: (action, given, key) => act(into, one, action, given, key, options) }),
    shots, facts(one), doubts(one), story(one)].filter(Boolean));
  into.dataset.version = String(one.version);
  followPhotos(shots, one, 0);
}

/** Photos are prepared after they were received: look again until they are there. */
function followPhotos(shots, one, turn) {
  if (turn >= LOOK_AGAIN_MS.length || !one.photos?.some((photo) => photo.state === 'received')) return;
  setTimeout(async () => {
    if (!shots.isConnected) return;
    try {
      const fresh = await api(`cases/${one.id}`);
      shots.replaceChildren(photos(fresh) ?? '');
      followPhotos(shots, fresh, turn + 1);
    } catch { /* the case itself is shown; its photos come with the next look */ }
  }, LOOK_AGAIN_MS[turn]);
}

async function act(into, one, action, given, key, options) {
  try {
    const kept = await withTwins(await move(one, action.action, given, key));
    toast(t('{act}：{what}', { act: t(action.title), what: kept.class_title }));
    draw(into, kept, { ...options, begun: null, notice: null });
    into.scrollTop = 0;
    options.changed?.(kept);
  } catch (fault) {
    if (fault.status !== 412 && fault.status !== 409) { complain(fault); return; }
    await caseDetail(into, one.id, { ...options, begun: { action: action.action, ...given }, notice: stale(fault, given) });
    into.scrollTop = 0;
    options.changed?.(null);
  }
}

/** What went wrong, what to do now, and what was written, so that nothing is lost. */
function stale(fault, given) {
  const said = given.note ? t('您写的意见：{note}', { note: given.note }) : '';
  const now = fault.status === 412 ? t('下面是它现在的样子') : fault.error.hint;
  return [fault.error.message, now, said].filter(Boolean).join('。');
}
