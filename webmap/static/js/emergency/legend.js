// The legend over the map: which alternative is drawn, what each ring means, by which model.

import { h } from 'cityops/dom';
import { t, title } from 'cityops/i18n';
import { hatchSwatch } from 'cityops/emergency/hatch';
import { alternativeWord, levelText, massText, rankWord } from 'cityops/emergency/words';

/** A card in the map's corner; `show` fills it, `remove` takes it away. */
export function createLegend() {
  const card = h('aside', { class: 'float card em-legend', 'aria-label': t('影响范围图例'), hidden: true });
  document.querySelector('.map').append(card);
  return {
    show(run, name) {
      const chosen = run.alternatives.find((one) => one.name === name);
      card.hidden = false;
      card.replaceChildren(h('div', { class: 'em-legend-body' },
        h('p', { class: 'row' }, h('b', {}, `${alternativeWord(name)} ${massText(chosen.mass_kg)} TNT`)),
        h('ul', {}, chosen.zones.map((zone, i) => h('li', {}, hatchSwatch(zone.rank), h('b', {}, rankWord(zone.rank)), h('span', {}, `≥ ${levelText(zone)}`), h('span', { class: 'mute ell' }, run.levels[i].name)))),
        run.alternatives.length > 1 && h('p', { class: 'em-dotted t12 mute' }, t('点线：其他当量的最外圈')),
        h('p', { class: 't12 mute' }, `${title(run.model_info.title)}，${run.model_info.edition}`),
        h('p', { class: 't12' }, `${run.estimate.zh} ${run.estimate.en}`)));
    },
    hide() { card.hidden = true; },
    remove() { card.remove(); },
  };
}
