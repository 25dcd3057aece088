// Gradio says nothing when an unqueued call is refused: its answer carries the sentence, and nobody reads it out.
// Here it is read out: a line at the foot of the window that goes away by itself, by a click or with Escape.
(() => {
  let notice, leave;
  const hide = () => { if (notice) notice.hidden = true; };
  const say = (sentence) => {
    if (!notice) {
      notice = document.createElement('div');
      notice.className = 'notice';
      notice.setAttribute('role', 'alert');
      notice.addEventListener('click', hide);
      document.addEventListener('keydown', (event) => { if (event.key === 'Escape') hide(); });
      document.body.append(notice);
    }
    notice.textContent = sentence;
    notice.hidden = false;
    clearTimeout(leave);
    leave = setTimeout(hide, 8000);
  };
  const fetched = window.fetch;
  window.fetch = async (...request) => {
    const reply = await fetched(...request);
    if (reply.status >= 400 && String(request[0]?.url ?? request[0]).includes('/gradio_api/run/')) {
      reply.clone().json().then(({ error }) => { if (error) say(error); }, () => {});
    }
    return reply;
  };
})();
