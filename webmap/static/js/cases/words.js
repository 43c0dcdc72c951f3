// How cases are put into words: states, acts, times.

import { t, language } from 'cityops/i18n';

const STATES = {
  reported: ['已上报', 'act'], verified: ['已核实', 'act'], accepted: ['已受理', 'act'], filed: ['已立案', 'act'], dispatched: ['已派遣', 'soon'], disposed: ['已处置', 'act'],
  inspected: ['已核查', 'ok'], closed: ['已结案', 'ok'], returned: ['已退回', 'late'], rework: ['返工', 'late'], void: ['已作废', 'line'],
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
