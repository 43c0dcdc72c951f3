// What every page has: search, the person's menu, the keys.

import { bindKey, showKeys } from 'cityops/keys';
import { t } from 'cityops/i18n';
import { startSearch } from 'cityops/search';

for (const menu of document.querySelectorAll('details[data-menu]')) {
  addEventListener('click', (event) => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && menu.open) { menu.open = false; menu.querySelector('summary').focus(); event.stopPropagation(); }
  });
}
for (const button of document.querySelectorAll('[data-keys]')) button.addEventListener('click', showKeys);
for (const link of document.querySelectorAll('[data-language]')) {
  link.addEventListener('click', (event) => {
    event.preventDefault();
    const address = new URL(location.href);
    address.searchParams.set('lang', link.dataset.language);
    location.assign(address);
  });
}

const box = document.getElementById('search');
if (box) {
  startSearch(box, document.getElementById('search-list'));
  bindKey('/', t('搜索'), () => { box.focus(); box.select(); });
}
