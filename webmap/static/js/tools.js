// Tools of the rail: one is open at a time, each in a module of its own, loaded when first opened.

import { t } from 'cityops/i18n';
import { complain } from 'cityops/toast';

const ALWAYS = new Set(['dossier']);

/** Open and close tools; `offered` is name -> module, as the server says. */
export function startTools(app, offered) {
  const loaded = new Map();
  let open = null;
  let asked = 0;

  async function load(name) {
    if (!loaded.has(name)) loaded.set(name, await import(offered[name]).then((module) => module.default ?? module));
    return loaded.get(name);
  }
  async function use(name, { push = true } = {}) {
    const wanted = name && offered[name] ? name : null;
    const turn = ++asked;
    if ((open?.name ?? null) === wanted) return;
    try {
      const tool = wanted ? await load(wanted) : null;
      if (turn !== asked) return;
      await open?.unmount?.(app);
      open = tool;
      app.state.set({ tool: wanted }, { push });
      show(wanted);
      await tool?.mount(app);
      app.bus.emit('tool', wanted);
    } catch (fault) { console.error(fault); complain({ error: { message: t('工具没有打开'), code: 'tool.failed' } }); }
  }
  function show(name) {
    for (const link of document.querySelectorAll('[data-rail]')) {
      const own = link.dataset.tool ?? null;
      if (link.dataset.rail === 'map' ? !name : own && own === name) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
  }
  document.querySelector('.rail')?.addEventListener('click', (event) => {
    const link = event.target.closest('a[data-rail]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.dataset.rail === 'map') { event.preventDefault(); use(null); } else if (offered[link.dataset.tool]) { event.preventDefault(); use(link.dataset.tool); }
  });
  app.bus.on('state', () => use(app.state.get('tool'), { push: false }));
  app.bus.on('ready', () => {
    for (const name of ALWAYS) if (offered[name]) load(name).then((tool) => tool.mount(app)).catch((fault) => console.error(fault));
    use(app.state.get('tool'), { push: false });
  });
  return { use, get open() { return open?.name ?? null; } };
}
