// The three regions around the map: side list (left), panel (right), drawer (below).

import { h, iconButton } from 'cityops/dom';
import { t } from 'cityops/i18n';

function region(element, bus, name) {
  let onClose = null;
  const close = () => {
    if (element.hidden) return;
    element.hidden = true;
    element.replaceChildren();
    const tell = onClose;
    onClose = null;
    tell?.();
    bus.emit(`${name}:close`);
    bus.emit('resize');
  };
  return {
    element,
    /** Whether something is shown. */
    get isOpen() { return !element.hidden; },
    /** The part that scrolls. */
    get body() { return element.querySelector(':scope>.body'); },
    /**
     * Show a title, content (an element, a list of them, or text) and acts. `subtitle` stands
     * above the title, `tags` below it, `footer` at the bottom; `onclose` is told when the
     * person closes it.
     */
    show({ title = '', subtitle = null, tags = null, body = null, actions = [], footer = null, onclose = null } = {}) {
      const told = onClose;
      onClose = null;
      told?.();
      const head = h('header', {}, h('div', { class: 'grow' }, subtitle && h('div', { class: 't12 mute ell' }, subtitle),
        h(name === 'drawer' ? 'h4' : 'h2', { class: 'wrap', tabindex: '-1' }, title), tags && h('div', { class: 'row-wrap' }, tags)), ...actions, iconButton('x', t('关闭'), close));
      element.replaceChildren(head, h('div', { class: 'body' }, body));
      if (footer) element.append(h('footer', {}, footer));
      const wasHidden = element.hidden;
      element.hidden = false;
      onClose = onclose;
      bus.emit(`${name}:open`);
      if (wasHidden) bus.emit('resize');
      return element;
    },
    close,
  };
}

/** Side, panel and drawer of the page. */
export function createRegions(bus) {
  const at = (id) => document.getElementById(id);
  const drawer = region(at('drawer'), bus, 'drawer');
  makePull(drawer.element, bus);
  return { side: region(at('side'), bus, 'side'), panel: region(at('panel'), bus, 'panel'), drawer };
}

const KEPT = 'cityops.drawer';

function makePull(element, bus) {
  const set = (px) => {
    const height = Math.round(Math.min(innerHeight * 0.7, Math.max(120, px)));
    document.documentElement.style.setProperty('--drawer-h', `${height}px`);
    localStorage.setItem(KEPT, String(height));
    bus.emit('resize');
  };
  const kept = Number(localStorage.getItem(KEPT));
  if (kept > 0) document.documentElement.style.setProperty('--drawer-h', `${kept}px`);
  const show = element.ownerDocument.createElement('div');
  show.className = 'pull';
  show.tabIndex = 0;
  show.setAttribute('role', 'separator');
  show.setAttribute('aria-label', t('抽屉高度'));
  show.setAttribute('aria-orientation', 'horizontal');
  show.addEventListener('pointerdown', (event) => {
    show.setPointerCapture(event.pointerId);
    const bottom = element.getBoundingClientRect().bottom;
    const move = (e) => set(bottom - e.clientY);
    show.addEventListener('pointermove', move);
    show.addEventListener('pointerup', () => show.removeEventListener('pointermove', move), { once: true });
  });
  show.addEventListener('keydown', (event) => {
    const step = { ArrowUp: 24, ArrowDown: -24 }[event.key];
    if (step) { event.preventDefault(); set(element.offsetHeight + step); }
  });
  new MutationObserver(() => { if (!element.hidden && !show.isConnected) element.append(show); }).observe(element, { childList: true });
}
