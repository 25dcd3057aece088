// One question is under way at a time; of those that come meanwhile, only the newest is asked next.
function newest(ask) {
  let waiting = null, flying = false;
  return async (question) => {
    waiting = { question };
    if (flying) return;
    flying = true;
    while (waiting) {
      const next = waiting.question;
      waiting = null;
      await ask(next);
    }
    flying = false;
  };
}
