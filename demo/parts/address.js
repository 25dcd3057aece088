// The address names the room that is open (#gpt-mind): a reload comes back to it, and a teacher can hand out a link to it.
(() => {
  const PATIENCE = 30_000;  // milliseconds: until then the page is laid out, or never
  const tab = (id) => document.querySelector(`[role=tab][data-tab-id="${id}"]`);
  const isOpen = (one) => one.getAttribute('aria-selected') === 'true';
  const asked = () => location.hash.slice(1).match(/^[a-z]+(-[a-z]+)?$/)?.[0];
  // A tab that is not there yet is waited for: rooms are laid out when their family is opened.
  const there = (id) => new Promise((found) => {
    if (tab(id)) { found(tab(id)); return; }
    const watch = new MutationObserver(() => { if (tab(id)) { watch.disconnect(); found(tab(id)); } });
    watch.observe(document, { childList: true, subtree: true });
    setTimeout(() => watch.disconnect(), PATIENCE);
  });
  async function open(id) {
    for (const name of new Set([id.split('-')[0], id])) {
      const one = await there(name);
      if (asked() !== id) return;  // gone elsewhere meanwhile
      if (!isOpen(one)) one.click();
    }
  }
  addEventListener('hashchange', () => { if (asked()) open(asked()); });
  if (asked()) open(asked());
  document.addEventListener('click', ({ target, isTrusted }) => {
    const one = target.closest?.('[role=tab][data-tab-id]');
    if (!one) return;
    const family = one.dataset.tabId, inner = document.querySelector(`#${family}-rooms [role=tab][aria-selected=true]`);
    const name = inner ? inner.dataset.tabId : family;
    if (isTrusted || !asked()?.startsWith(family)) history.replaceState(history.state, '', `${location.pathname}${location.search}#${name}`);
  });
})();
