// The page's half of a morph; what it asks and receives is described in morph.py and demo/vae/morphing.py.
const box = element.querySelector('.turning'), find = (name) => element.querySelector(name);
const films = [...element.querySelectorAll('.moving')], strips = [...element.querySelectorAll('.strip')], seen = [...element.querySelectorAll('.seen')];
const range = find('.reel input'), trouble = find('.trouble'), words = JSON.parse(box.dataset.words);
const STILL = matchMedia('(prefers-reduced-motion: reduce)').matches, PACE = 90;
let given = null, asked = null, drawings = null, made = null, sheets = null, frame = 0, playing = 0, ahead = 1, turn = 1, guess = null, wanted = false;

const ask = (fn, question) => answered(fn, question, () => given, trouble, words.lost);
const turned = newest(async () => {
  const question = { ...drawings, guess }, mine = given;
  const answer = await ask(server.morph, question);
  if (!answer && mine === given && !made) seen[0].textContent = '';
  if (!answer && mine === given && trouble.textContent && trouble.textContent !== words.lost) empty();
  if (!answer) return;
  const [film, ends] = await Promise.all([decoded(answer.film), decoded(answer.ends)]);
  if (mine !== given) return;
  const first = made === null;
  strip(false);
  made = answer; sheets = { film, ends };
  element.classList.toggle('colour', made.channels === 3);
  range.max = made.steps - 1;
  if (first) frame = (made.steps - 1) / 2;
  hang();
  show();
  tell(answer.result);
  if (answer.measuring) measured(given);
  box.dataset.n = 1 + Number(box.dataset.n || 0);  // for tests: how often it was turned
});
// Until the first sentence about a collection is known, the films are shown without it.
const measured = newest(async (mine) => {
  if (mine !== given) return;
  const answer = await ask(server.told, { ...drawings, guess });
  if (answer) tell(answer.result);
});
function tell(result) {
  props.value = { ...drawings, result };
  given = props.value;
  trigger('input');
}
// What is on the pad is no drawing: there is nothing to turn until it is one again.
function empty() {
  stop(); strip(true);
  made = null;
  for (const canvas of [find('.a'), ...films, ...strips]) canvas.getContext('2d').clearRect(0, 0, canvas.width, canvas.height);
  seen.forEach((one) => { one.textContent = ''; });
  tell('');
}
function strip(on) {
  box.classList.toggle('empty', on);
  for (const one of box.querySelectorAll('.mine, .reel *, .keep *')) one.disabled = on;
}
function turnNow() {
  find('.kept').textContent = '';
  if (box.offsetParent === null) { wanted = true; return; }  // nobody looks yet
  wanted = false;
  if (!made) seen[0].textContent = words.turning;
  turned();
}
function piece(canvas, sheet, column, row) {
  const S = made.side;
  if (canvas.width !== S) canvas.width = canvas.height = S;
  canvas.getContext('2d').drawImage(sheet, column * S, row * S, S, S, 0, 0, S, S);
}
function hang() {
  piece(find('.a'), sheets.ends, 0, 0);
  piece(find('.b'), sheets.ends, 1, 0);
  find('.a').setAttribute('aria-label', words.reads_a); find('.b').setAttribute('aria-label', words.reads_b);
  strips.forEach((strip, row) => {
    const S = made.side, every = 2, n = Math.ceil(made.steps / every);
    strip.width = n * S; strip.height = S;
    for (let i = 0; i < n; i++) strip.getContext('2d').drawImage(sheets.film, every * i * S, row * S, S, S, i * S, 0, S, S);
    strip.setAttribute('aria-label', words.strip);
  });
}
function show() {
  films.forEach((film, row) => {
    piece(film, sheets.film, frame, row);
    const at = row * made.steps + frame;
    seen[row].textContent = guess ? fill(words.seen, { kind: made.kinds[at], sure: made.sure[at] }) : '';
    film.setAttribute('aria-label', seen[row].textContent);
    film.dataset.frame = frame;
  });
  range.value = frame;
  range.setAttribute('aria-valuetext', seen.map((one) => one.textContent).join('; '));
}
function play() {
  find('.play').textContent = words.pause;
  playing = setInterval(() => {
    if (box.offsetParent === null) { stop(); return; }
    if (!made) return;  // another collection is on its way
    if (frame + ahead < 0 || frame + ahead >= made.steps) ahead = -ahead;
    frame += ahead;
    show();
  }, PACE);
}
function stop() { clearInterval(playing); playing = 0; find('.play').textContent = words.play; }

function read() {
  const value = props.value;
  if (!value || !value.name || value === given) return;
  if (value.result !== undefined) return;  // our own, on its way back
  if (drawings && drawings.name !== value.name) guess = null;
  if (value.b) turn = 1;
  given = value;
  drawings = { name: value.name, a: value.a, b: value.b || drawings.b };  // the far end stays where none is sent
  made = null;
  inked(find('.a'), drawings.a, value.side); inked(find('.b'), drawings.b, value.side);
  element.classList.toggle('colour', atob(value.a).length === 3 * value.side ** 2);
  turnNow();
}
find('.other').addEventListener('click', async () => {
  if (!drawings) return;
  const answer = await ask(server.other, { name: drawings.name, turn: ++turn });
  if (answer) { drawings = { ...drawings, b: answer.dots }; turnNow(); }
});
find('.mine').addEventListener('click', () => { if (drawings) { drawings = { ...drawings, b: drawings.a }; turnNow(); } });
find('.play').addEventListener('click', () => { if (playing) stop(); else if (made) play(); });
range.addEventListener('input', () => { if (made) { stop(); frame = Number(range.value); show(); } });
strips.forEach((strip) => strip.addEventListener('click', (event) => {
  if (!made) return;
  const at = strip.getBoundingClientRect();
  stop();
  frame = Math.round(((event.clientX - at.left) / at.width) * (made.steps - 1));
  show();
}));
for (const button of element.querySelectorAll('.keep button')) button.addEventListener('click', async () => {
  if (!drawings) return;
  const answer = await ask(server.film, { ...drawings, way: find('.keep select').value, kind: button.dataset.kind });
  if (!answer) return;
  const link = document.createElement('a');
  link.href = answer.file; link.download = answer.name;
  link.click();
  find('.kept').textContent = fill(words.kept, { name: answer.name });
});
element.closest('.room').addEventListener('drawn', ({ detail }) => { if (drawings) { drawings = { ...drawings, a: detail }; turnNow(); } });
box.addEventListener('guess', ({ detail }) => { guess = detail; if (made) turnNow(); });
new ResizeObserver(() => { if (wanted && box.offsetParent) turnNow(); }).observe(box);
watch('value', read);
read();
