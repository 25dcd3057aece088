// The page's half of the token strip; the log it reads is described in strip.py.
const leaf = element.querySelector('.leaf'), heard = element.querySelector('.heard');
const heading = element.querySelector('.others h4'), list = element.querySelector('.others ol');
const cuts = element.querySelector('.cuts'), trouble = element.querySelector('.trouble');
const copying = element.querySelector('.copying'), inside = element.querySelector('button.inside');
const { levels, knobs, ...words } = JSON.parse(leaf.dataset.words);
const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
let seen = '', queue = [], pieces = [], held = false, chosen = null, own = false, word = null;
let unheard = '', spoke = 0, head = {}, spot = null, idle = 0, took = false, stood = {};

const LOOKED = 60;  // pieces that are looked into
const BOX = '#gpt-mind-text textarea';
const TURNED = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/;  // letters that are read from right to left
const percent = (share) => {
  if (share >= 0.995) return words.sure;
  if (share < 1e-4) return '< 0.01 %';
  return (100 * share).toLocaleString('en', { maximumSignificantDigits: share >= 0.1 ? 2 : 1 }) + ' %';
};
const tint = (share) => 'tint-' + levels.filter((level) => share < level).length;
const shown = (text) => {
  if (text === '') return words.end;
  const core = text.trim();
  return core !== '' ? core : text.includes('\n') ? words.line : words.space;
};
const make = (tag, kind, text) => {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = text;
  return made;
};

function clear() {
  queue = []; pieces = []; held = false; chosen = null; own = false; word = null; unheard = ''; heard.textContent = '';
  leaf.replaceChildren();
  leaf.classList.remove('telling');
  leaf.dir = 'auto';
  copying.textContent = '';
  beyond.tabIndex = -1; beyond.setAttribute('aria-pressed', 'false');
  spot = null;
  draw();
}

function begin(first) {
  head = first;
  stood.seed = head.seed;
  took = took && head.fork !== null;
  if (head.before) { leaf.append(make('span', 'before', head.before)); leaf.lastChild.dir = 'auto'; }
  leaf.classList.add('telling');
  const below = leaf.getBoundingClientRect().top > 0.8 * innerHeight;  // on a phone the page lies under the controls
  if (below && !head.opening) leaf.scrollIntoView({ behavior: still ? 'auto' : 'smooth' });
}

// A word's pieces stay on one line; the space before it stands outside its tint. The leaf's text is the story, letter for letter.
function append([text, chance, others, ids]) {
  if (leaf.dir === 'auto' && /\p{L}/u.test(text)) leaf.dir = TURNED.test(text) ? 'rtl' : 'ltr';  // the pieces run as the story does
  const core = text.trim(), space = text.slice(0, text.length - text.trimStart().length);
  const button = make('button', tint(chance), core);
  button.type = 'button';
  button.tabIndex = pieces.length ? -1 : 0;
  button.dataset.chance = percent(chance);
  const departs = others.some(([, share]) => share > chance);
  button.setAttribute('aria-label', `${shown(text)}, ${percent(chance)}${departs ? ', ' + words.departs : ''}`);
  if (pieces.length === head.fork) { button.classList.add('fork'); button.title = words.fork; }
  button.setAttribute('aria-pressed', 'false');
  if (core === '') {
    button.classList.add(text === '' ? 'end' : text.includes('\n') ? 'line' : 'space');
    ((text && word) || leaf).append(button);
    leaf.append(text);
    word = null;
  } else {
    if (space || !word) { word = make('span', 'word'); leaf.append(space, word); }
    word.append(button);
    const tail = text.slice(space.length + core.length);
    if (tail) { leaf.append(tail); word = null; }
  }
  pieces.push({ button, text, chance, others, ids });
  if (took && pieces.length - 1 === head.fork) { took = false; focusOn(head.fork); }  // the eye follows what was taken
  hear(text);
}

// Read aloud by sentences and not by pieces, and not oftener than every four seconds.
function hear(text, last) {
  unheard += text;
  if (unheard.trim() && (last || (/[.!?]["”]?$/.test(unheard) && Date.now() - spoke > 4000))) {
    heard.textContent = unheard.trim();
    unheard = ''; spoke = Date.now();
  }
}

function rest() {
  leaf.classList.remove('telling');
  hear('', true);
  next();
  if (own || !pieces.length) return;
  choose(pieces.reduce((least, piece, i) => (piece.chance < pieces[least].chance ? i : least), 0));
}

// After the last piece stands a place to ask what comes next, unless the story has ended.
const beyond = make('button', 'next');
beyond.type = 'button'; beyond.tabIndex = -1;
beyond.setAttribute('aria-label', words.next);
beyond.setAttribute('aria-pressed', 'false');
function next() {
  const last = pieces[pieces.length - 1];
  if (!last || last.text !== '') leaf.append(beyond);
  if (!last) beyond.tabIndex = 0;
}
const buttonAt = (i) => (i < pieces.length ? pieces[i].button : beyond);
const places = () => pieces.length + (beyond.isConnected ? 1 : 0);

function choose(i) {
  if (chosen !== null) buttonAt(chosen).setAttribute('aria-pressed', 'false');
  chosen = i;
  buttonAt(i).setAttribute('aria-pressed', 'true');
  const { text, chance, others = [], ids = [] } = pieces[i] || {};
  const rows = others.map((other) => [...other, null]), written = ids.length ? ids[0] : null;
  if (ids.length === 1 && !others.some(([, , token]) => token === written)) rows.push([text, chance, written, null]);
  spot = { i, written, rows, on: {}, cuts: [] };
  draw();
  if (own || head.opening) weigh(i);  // the opening's answers are worked out once for all
}

// What the server is asked: the tokens before a place, as far as the model looks back, and the knobs as they stand.
function before(i) {
  const told = pieces.slice(0, i).flatMap(({ ids }) => ids);
  const asked = { teller: head.teller, ids: [...head.ids, ...told].slice(-head.context), known: head.known + told.length };
  for (const [knob, [id, first]] of Object.entries(knobs)) {
    const box = document.querySelector(`#${id} input[type=number]`);  // a fold that is closed may hold none
    if (box) stood[knob] = box.value === '' ? null : +box.value;
    else if (!(knob in stood)) stood[knob] = knob === 'seed' ? head.seed : first;
    asked[knob] = stood[knob];
  }
  return asked;
}
const weigh = newest(async (i) => {
  if (!spot) return;
  const asked = before(i);
  clearTimeout(idle);
  const answer = await answered(server.weigh, { ...asked, written: spot.written }, () => spot, trouble, words.lost);
  if (!answer) return;
  Object.assign(spot, { rows: answer.rows, cuts: answer.cuts, on: {} });
  draw();
  idle = setTimeout(() => preview(asked), 150);
});
const preview = newest(async (asked) => {
  if (!spot) return;
  const tokens = spot.rows.map(([, , token]) => token);
  const answer = await answered(server.preview, { ...asked, tokens }, () => spot?.rows, trouble, words.lost);
  if (!answer) return;
  tokens.forEach((token, at) => { spot.on[token] = answer.on[at]; });
  draw();
});
// The room's knobs: a slider's own number box follows it a moment later.
element.closest('.room').addEventListener('input', ({ target }) => {
  if (spot && Object.values(knobs).some(([id]) => target.closest(`#${id}`))) requestAnimationFrame(() => { if (spot) weigh(spot.i); });
});

function draw() {
  inside.hidden = !spot || !pieces[spot.i];
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.token : null;
  if (!spot) {
    heading.textContent = words.choose; list.replaceChildren(); cuts.textContent = ''; trouble.textContent = '';
    return;
  }
  const { text, chance } = pieces[spot.i] || {};
  const said = text === undefined ? words.coming : own ? words.chosen : words.surprise;
  heading.textContent = said.replace('{piece}', () => shown(text || '')).replace('{share}', percent(chance || 0));
  list.replaceChildren(...spot.rows.map(row));
  cuts.textContent = spot.cuts.join(' ');
  if (focused !== null) list.querySelector(`[data-token="${focused}"]`)?.focus();
}

// What lies in a tab is laid out piece by piece after it has opened.
const soon = () => new Promise((done) => setTimeout(done, 50));
async function laid(place) {
  let found;
  while (!(found = document.querySelector(place))) await soon();
  return found;
}

// The room that looks inside the model gets the story up to the chosen piece, as far back as it can look.
inside.addEventListener('click', async () => {
  let from = spot.i, room = LOOKED - pieces[from].ids.length;
  while (from && pieces[from - 1].ids.length <= room) { from -= 1; room -= pieces[from].ids.length; }
  const whole = from === 0 && head.known <= room ? head.before || '' : '';
  const text = (whole + pieces.slice(from, spot.i + 1).map((piece) => piece.text).join('')).trim();
  [...document.querySelectorAll('#gpt-rooms [role=tab]')].find((tab) => tab.textContent.trim() === words.mind).click();
  const view = await laid('#gpt-mind-view .inside.listening');
  view.dispatchEvent(new CustomEvent('text', { detail: { text, teller: head.teller } }));
  (await laid(BOX)).focus();
  scrollTo({ top: 0 });
  for (let stood = 0, tries = 0; stood < 5 && tries < 60; stood += 1, tries += 1) {  // one just laid out may yet take its first text
    const box = await laid(BOX);
    if (box.value !== text) {
      stood = 0;
      box.value = text;
      box.dispatchEvent(new Event('input', { bubbles: true }));
    }
    await soon();
  }
});

// The thin bar is the chance as learnt, the thick one what the knobs make of it.
function row([text, share, token, thrown]) {
  const written = token === spot.written, made = make('li', written ? 'taken' : ''), button = make('button', 'take');
  const bars = make('span', 'share'), on = spot.on[token], changed = thrown !== null && percent(thrown) !== percent(share);
  const now = thrown === null ? share : thrown;
  bars.style.setProperty('--share', Math.max(0.4, 100 * share) + '%');
  bars.style.setProperty('--thrown', 100 * now + '%');
  button.type = 'button'; button.dataset.token = token;
  const figure = percent(share) + (changed ? ' → ' + (thrown ? percent(thrown) : words.cut) : '');
  button.append(make('span', 'piece', shown(text)), bars, make('span', 'figure', figure));
  button.append(make('span', 'on', on === undefined ? '' : on === '' ? '⁂' : '… ' + on.trim()));
  const label = words.take.replace('{piece}', () => shown(text)).replace('{share}', percent(share));
  button.setAttribute('aria-label', [
    label, written && words.taken, changed && words.dice.replace('{share}', thrown ? percent(thrown) : words.cut), on && words.on.replace('{text}', () => on),
  ].filter(Boolean).join(' '));
  button.addEventListener('click', () => { took = true; trigger('select', { at: spot.i, token }); });
  made.append(button);
  return made;
}

function take(event) {
  if (Array.isArray(event)) append(event);
  else if (event === 'rest') rest();
  else if (event === 'go') { leaf.classList.add('telling'); beyond.remove(); if (spot && spot.i >= pieces.length) { spot = null; chosen = null; draw(); } }
  else if (event.said) copy(event);
  else begin(event);
}

function copy({ run, said }) {
  pieces.forEach(({ button }, i) => button.classList.toggle('copied', !!run && i >= run[0] && i <= run[1]));
  copying.textContent = said;
}

function work() {
  while (queue.length && !held) take(queue.shift());
}

function read() {
  const log = props.value || '';
  if (!log.startsWith(seen) || seen === '') { clear(); seen = ''; }
  for (const text of log.slice(seen.length).split('\n')) {
    if (!text) continue;
    const event = JSON.parse(text);
    if (event === 'go') held = false;
    if (held && event.said) { copy(event); continue; }
    queue.push(event);
  }
  seen = log;
  work();
}

function find(button) { return button === beyond ? pieces.length : pieces.findIndex((piece) => piece.button === button); }
leaf.addEventListener('click', (event) => {
  const i = find(event.target);
  if (i < 0) return;
  own = true;
  leaf.closest('.strip').classList.add('asked');
  focusOn(i);
  choose(i);
});
leaf.addEventListener('keydown', (event) => {
  const i = find(event.target);
  const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: places() - 1 }[event.key];
  if (i < 0 || to === undefined) return;
  event.preventDefault();
  focusOn(Math.min(Math.max(to, 0), places() - 1));
});
function focusOn(i) {
  for (const button of leaf.querySelectorAll('[tabindex="0"]')) button.tabIndex = -1;
  buttonAt(i).tabIndex = 0;
  buttonAt(i).focus();
}
// "hold" is sent by the Stop button: what has not been shown by then waits for the next "go".
leaf.addEventListener('hold', () => { held = true; if (pieces.length) rest(); });

watch('value', read);
read();
