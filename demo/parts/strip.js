// The page's half of the token strip; the log it reads is described in strip.py.
const leaf = element.querySelector('.leaf'), heard = element.querySelector('.heard');
const heading = element.querySelector('.others h4'), list = element.querySelector('.others ol');
const { levels, ...words } = JSON.parse(leaf.dataset.words);
const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
let seen = '', queue = [], pieces = [], held = false, pace = 0, timer = 0, chosen = null, own = false, word = null;
let unheard = '', spoke = 0;

const percent = (share) => {
  if (share >= 0.995) return words.sure;
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
  clearTimeout(timer);
  queue = []; pieces = []; held = false; timer = 0; chosen = null; own = false; word = null; unheard = ''; heard.textContent = '';
  leaf.replaceChildren();
  heading.textContent = words.choose;
  list.replaceChildren();
}

function begin(head) {
  pace = still ? 0 : head.pace;
  if (head.before) leaf.append(make('span', 'before', head.before));
  leaf.classList.add('telling');
  const below = leaf.getBoundingClientRect().top > 0.8 * innerHeight;  // on a phone the page lies under the controls
  if (below && !head.pace) leaf.scrollIntoView({ behavior: still ? 'auto' : 'smooth' });
}

// A word's pieces stay on one line; the space before it stands outside its tint. The leaf's text is the story, letter for letter.
function append([text, chance, others]) {
  const core = text.trim(), space = text.slice(0, text.length - text.trimStart().length);
  const button = make('button', tint(chance), core);
  button.type = 'button';
  button.tabIndex = pieces.length ? -1 : 0;
  button.dataset.chance = percent(chance);
  button.setAttribute('aria-label', `${shown(text)}, ${percent(chance)}`);
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
  pieces.push({ button, text, chance, others });
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
  if (own || !pieces.length) return;
  choose(pieces.reduce((least, piece, i) => (piece.chance < pieces[least].chance ? i : least), 0));
}

function choose(i) {
  if (chosen !== null) pieces[chosen].button.setAttribute('aria-pressed', 'false');
  chosen = i;
  const { button, text, chance, others } = pieces[i];
  button.setAttribute('aria-pressed', 'true');
  const rank = others.findIndex(([other]) => other === text);
  const rows = rank < 0 ? [...others, [text, chance]] : others;
  heading.textContent = (own ? words.chosen : words.surprise).replace('{piece}', shown(text)).replace('{share}', percent(chance));
  list.replaceChildren(...rows.map(([other, share], at) => row(other, share, at === (rank < 0 ? rows.length - 1 : rank))));
}

function row(text, share, taken) {
  const made = make('li', taken ? 'taken' : ''), bar = make('span', 'share');
  bar.style.setProperty('--share', Math.max(0.4, 100 * share) + '%');
  made.append(make('span', 'piece', shown(text)), bar, make('span', 'figure', percent(share)));
  if (taken) made.append(make('span', 'heard', words.taken));
  return made;
}

function take(event) {
  if (Array.isArray(event)) append(event);
  else if (event === 'rest') rest();
  else if (event === 'go') leaf.classList.add('telling');
  else begin(event);
}

function work() {
  timer = 0;
  while (queue.length && !held) {
    const event = queue.shift();
    take(event);
    if (pace && Array.isArray(event)) { timer = setTimeout(work, pace); return; }
  }
}

function read() {
  const log = props.value || '';
  if (!log.startsWith(seen) || seen === '') { clear(); seen = ''; }
  for (const text of log.slice(seen.length).split('\n')) {
    if (!text) continue;
    const event = JSON.parse(text);
    if (event === 'go') { held = false; pace = 0; }
    queue.push(event);
  }
  seen = log;
  if (!timer) work();
}

leaf.addEventListener('click', (event) => {
  const i = pieces.findIndex(({ button }) => button === event.target);
  if (i < 0) return;
  own = true;
  focusOn(i);
  choose(i);
});
leaf.addEventListener('keydown', (event) => {
  const i = pieces.findIndex(({ button }) => button === event.target);
  const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: pieces.length - 1 }[event.key];
  if (i < 0 || to === undefined) return;
  event.preventDefault();
  focusOn(Math.min(Math.max(to, 0), pieces.length - 1));
});
function focusOn(i) {
  leaf.querySelector('[tabindex="0"]').tabIndex = -1;
  pieces[i].button.tabIndex = 0;
  pieces[i].button.focus();
}
// "hold" is sent by the Stop button: what has not been shown by then waits for the next "go".
leaf.addEventListener('hold', () => { held = true; if (pieces.length) rest(); });

watch('value', read);
read();
