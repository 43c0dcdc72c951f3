// How cases are put into words: states, acts, times.

import { t, language } from 'cityops/i18n';

const STATES = {
  reported: ['待受理', 'act'], verifying: ['核实中', 'soon'], to_file: ['待立案', 'act'], to_dispatch: ['待派遣', 'act'], to_dispose: ['待处置', 'soon'],
  to_inspect: ['待核查', 'act'], to_close: ['待结案', 'act'], closed: ['已结案', 'ok'], not_accepted: ['不予受理', 'line'], void: ['已作废', 'line'],
};

/** Name of a state in the language of the page. */
export function stateTitle(state) {
  return t(STATES[state]?.[0] ?? state);
}

/** Class of the tag of a state. */
export function stateTag(state) {
  return `tag ${STATES[state]?.[1] ?? 'line'}`;
}

const DAY = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : 'zh-CN', { timeZone: 'Asia/Shanghai', month: language === 'en' ? 'short' : 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false });

/** `11月22日 14:05`. */
export function when(iso) {
  if (!iso) return '';
  const parts = Object.fromEntries(DAY.formatToParts(new Date(iso)).map((part) => [part.type, part.value]));
  return language === 'en' ? `${parts.day} ${parts.month} ${parts.hour}:${parts.minute}` : `${parts.month}月${parts.day}日 ${parts.hour}:${parts.minute}`;
}
