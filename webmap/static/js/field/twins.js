// Is it reported already? Open cases of the same class close by.

import { api } from 'cityops/api';
import { distance } from 'cityops/coords';
import { t, metres } from 'cityops/i18n';
import { OPEN_STATES, when } from 'cityops/cases/words';

const NEAR_M = 50;
const DEGREE_M = 110_574;

/** Open cases of the class of a draft within 50 m, nearest first, at most two: `[{id, words}]`. */
export async function askForTwins({ place, chosen }) {
  if (!place || !chosen) return [];
  const high = NEAR_M / DEGREE_M;
  const wide = high / Math.cos((place[1] * Math.PI) / 180);
  const box = [place[0] - wide, place[1] - high, place[0] + wide, place[1] + high].map((n) => n.toFixed(6)).join(',');
  try {
    const { cases } = await api('cases', { query: { bbox: box, class_code: chosen.code, domain: chosen.domain, state: OPEN_STATES.join(','), limit: 20 } });
    return cases.map((one) => ({ one, metres: distance(place, one.position) })).filter(({ metres: m }) => m <= NEAR_M).sort((a, b) => a.metres - b.metres).slice(0, 2)
      .map(({ one, metres: m }) => ({ id: one.id, words: t('{d} 外{at}有一件同类，{state}', { d: metres(m), at: when(one.reported_at), state: one.state_title }) }));
  } catch {
    return [];
  }
}
