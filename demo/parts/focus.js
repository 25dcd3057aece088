// A button that hides what it was pressed for (Start, then Pause) takes the keyboard's place on the page with it: Tab
// would begin at the top again. The place goes to the first of its neighbours that can be pressed.
(() => {
  const PATIENCE = 10_000;  // milliseconds: what was asked for may have to wait for others
  document.addEventListener('click', ({ target, detail }) => {
    const button = target.closest?.('.verbs button'), row = button?.closest('.verbs');
    if (!row || detail) return;  // a pointer has its own place
    const watch = new MutationObserver(() => {
      const held = document.activeElement;
      if (held !== document.body && held !== button) watch.disconnect();  // gone elsewhere
      if (button.offsetParent) return;
      [...row.querySelectorAll('button')].find((one) => one.offsetParent && !one.disabled)?.focus();
    });
    watch.observe(row, { childList: true, subtree: true, attributes: true });
    setTimeout(() => watch.disconnect(), PATIENCE);
  });
})();
