// The page where files come in and go out. The address says which delivery or which tab is open.

import { startDrop } from 'cityops/imports/drop';
import { startExport } from 'cityops/imports/export';
import { showRecent } from 'cityops/imports/recent';
import { createBench } from 'cityops/imports/work';

const boot = JSON.parse(document.getElementById('boot').textContent);
const at = (id) => document.getElementById(id);
const query = () => new URLSearchParams(location.search);

const bench = boot.may_import ? createBench(boot, () => go({})) : null;
let exporting = null;

/** Change the address, then show what it says. */
function go(parts) {
  const params = new URLSearchParams(Object.entries(parts).filter(([, value]) => value != null));
  history.pushState(null, '', params.size > 0 ? `/data?${params}` : '/data');
  show();
}

function show() {
  const params = query();
  const tab = params.get('tab') === 'export' || !bench ? 'export' : 'import';
  for (const button of document.querySelectorAll('[data-tab]')) button.setAttribute('aria-selected', String(button.dataset.tab === tab));
  if (at('import')) at('import').hidden = tab !== 'import';
  at('export').hidden = tab !== 'export';
  if (tab === 'export') { exporting ??= startExport(at('export'), boot, params); return; }
  const id = Number(params.get('delivery'));
  at('start').hidden = id > 0;
  if (id > 0) { bench.open(id); return; }
  bench.close();
  showRecent(at('recent'), (one) => go({ delivery: one }));
}

for (const button of document.querySelectorAll('[data-tab]')) button.addEventListener('click', () => go(button.dataset.tab === 'export' ? { tab: 'export' } : {}));
if (bench) startDrop(at('drop'), boot, (delivery) => go({ delivery: delivery.id }));
addEventListener('popstate', show);
show();
