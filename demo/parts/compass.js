// The page's half of the compass; what it asks and receives is described in compass.py and demo/vae/needle.py.
const box = element.querySelector('.rose'), wallBox = element.closest('.room').querySelector('.tags');
const find = (name) => wallBox.querySelector(name) || element.querySelector(name);
const list = find('.wall'), trouble = find('.trouble'), below = element.querySelector('.trouble'), canvas = find('.mine canvas'), field = find('.save input');
const { rules: first, kept: MOST, turns: FAR, ...words } = JSON.parse(box.dataset.words);
const TAGS = ['neither', 'with', 'without'], ROOM = 280;  // CSS pixels that a sentence takes
const STILL = matchMedia('(prefers-reduced-motion: reduce)').matches;
let rules = { ...first, turn: 0 }, wall = null, sheet = null, tags = [], built = null, base = null, sliders = [], asked = 0, begun = false;

const make = (tag, kind, text) => { const made = document.createElement(tag); if (kind) made.className = kind; if (text !== undefined) made.textContent = text; return made; };

const ask = (fn, more, said = trouble) =>
  answered(fn, { name: rules.name, turn: rules.turn, guess: rules.guess, ...more }, () => asked, said, words.lost);
function tile(image, column, row) {
  const made = make('canvas', 'dots'), S = wall.side;
  made.width = made.height = S;
  made.setAttribute('role', 'img');
  made.getContext('2d').drawImage(image, column * S, row * S, S, S, 0, 0, S, S);
  return made;
}

// The wall: each picture is a button that goes round its three tags.
async function hang() {
  const mine = (asked += 1);
  begun = true;
  find('.counted').textContent = words.hanging;
  const answer = await ask(server.wall, {});
  if (!answer && mine === asked) {  // why is said; the next sight of the room tries again where there is no wall yet
    if (wall) count(); else { begun = false; find('.counted').textContent = ''; }
  }
  if (!answer) return;
  const image = await decoded(answer.wall);
  if (mine !== asked) return;
  wall = answer; sheet = image; tags = Array(wall.count).fill(0);
  if (built) tell('');  // it was about other pictures
  built = null;
  find('.came').hidden = true;
  for (const one of [box, wallBox]) one.classList.toggle('colour', wall.channels === 3);
  list.replaceChildren(...tags.map((_, i) => {
    const item = make('li'), button = make('button'), small = tile(sheet, i, 0);
    button.type = 'button';
    small.setAttribute('aria-hidden', 'true');
    button.append(small, make('span', 'tag'));
    button.addEventListener('click', () => { tags[i] = (tags[i] + 1) % 3; mark(i); count(); });
    button.addEventListener('keydown', (event) => move(event, i));
    item.append(button);
    return item;
  }));
  tags.forEach((_, i) => mark(i));
  count();
  find('.key').textContent = words[wall.whose] || '';
  find('.latents').innerHTML = wall.latents;
  lay(answer);
  recall();
  box.dataset.wall = asked;
}
function mark(i) {
  const button = list.children[i].firstChild, tag = TAGS[tags[i]];
  button.className = tag;
  button.querySelector('.tag').textContent = { with: '+', without: '−', neither: '' }[tag];
  button.setAttribute('aria-label', fill(words.one, { i: i + 1, kind: wall.kinds[i], tag: words[tag] }));
}
const tagged = (tag) => tags.flatMap((one, i) => (TAGS[one] === tag ? [i] : []));
function count() {
  const has = tagged('with').length, lacks = tagged('without').length;
  find('.counted').textContent = fill(words.counted, { with: has, without: lacks, each: wall.each });
  find('.build').disabled = has !== wall.each || lacks !== wall.each;
}
function move(event, i) {
  const wide = getComputedStyle(list).gridTemplateColumns.split(' ').length;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -wide, ArrowDown: wide }[event.key];
  if (!step || !list.children[i + step]) return;
  event.preventDefault();
  list.children[i + step].firstChild.focus();
}
function auto() {
  const sizes = {};
  for (const kind of wall.kinds) sizes[kind] = (sizes[kind] || 0) + 1;
  const enough = Object.keys(sizes).filter((kind) => sizes[kind] >= wall.each);
  const now = tagged('with').length ? wall.kinds[tagged('with')[0]] : null;
  const kind = enough[(enough.indexOf(now) + 1) % enough.length];
  const left = { [true]: wall.each, [false]: wall.each };
  tags = wall.kinds.map((one) => (left[one === kind]-- > 0 ? (one === kind ? 1 : 2) : 0));
  tags.forEach((_, i) => mark(i));
  count();
  find('.counted').textContent = fill(words.auto_said, { kind });
}

// The direction, and what it does to pictures nobody tagged.
async function build() {
  find('.build').disabled = true;
  find('.counted').textContent = words.testing;
  const groups = { with: tagged('with'), without: tagged('without') };
  const answer = await ask(server.build, groups);
  count();
  if (!answer) return;
  const image = await decoded(answer.rows);
  built = { ...answer, groups };
  const middle = (built.wide - 1) / 2;
  find('.rows').replaceChildren(...Array.from({ length: built.high }, (_, r) => {
    const row = make('div', 'row');
    row.setAttribute('role', 'img');
    row.setAttribute('aria-label', fill(words.row, { i: r + 1 }));
    for (let c = 0; c < built.wide; c++) {
      const small = tile(image, c, r);
      small.setAttribute('aria-hidden', 'true');
      if (c === middle) small.classList.add('middle');
      row.append(small);
    }
    return row;
  }));
  const most = Math.max(...built.moved.map(({ by }) => Math.abs(by)), 2);  // two usual spreads fill it
  find('.changed').replaceChildren(...built.moved.map(({ name, by }, i) => {
    const item = make('li', i ? '' : 'target'), bar = make('span', 'bar');
    bar.style.setProperty('--by', (50 * by) / most);
    bar.classList.toggle('less', by < 0);
    item.append(make('span', 'name', name), bar, make('span', 'by', (by < 0 ? '−' : '+') + Math.abs(by).toFixed(1)));
    return item;
  }));
  field.value = built.target;
  find('.came').hidden = false;
  below.textContent = '';
  reveal();
  tell(answer.result);
  box.dataset.built = 1 + Number(box.dataset.built || 0);
}
function tell(result) { props.value = { result }; trigger('input'); }
// What came of a guess that was made when the direction was on view.
async function judge() {
  const mine = built;
  const answer = await ask(server.build, built.groups);
  if (answer && mine === built) tell(answer.result);
}
// What came of it stands under the button: where that is out of sight, the button goes up to the head of the page.
function reveal() {
  const acts = find('.acts');
  if (innerHeight - acts.getBoundingClientRect().bottom < ROOM) acts.scrollIntoView({ behavior: STILL ? 'auto' : 'smooth' });
}

// Kept sliders, for this collection and this length of code; Sketch offers them too.
function recall() {
  sliders = kept(rules.name, base.length).slice(0, MOST).map((one) => ({ ...one, by: 0 }));
  offer();
}
function remember() {
  const mine = sliders.map(({ name, direction }) => ({ name, direction }));
  try { localStorage.setItem(STORE, JSON.stringify({ ...store(), [rules.name]: mine })); } catch { /* a browser that keeps nothing */ }
}
function offer() {
  find('.mine').hidden = !sliders.length;
  find('.sliders').replaceChildren(...sliders.map((slider, i) => {
    const item = make('li'), label = make('label', '', slider.name), range = make('input'), gone = make('button', 'gone', '×');
    Object.assign(range, { type: 'range', min: -FAR, max: FAR, step: 0.05, value: slider.by });
    range.setAttribute('aria-label', fill(words.slider, { name: slider.name }));
    range.addEventListener('input', () => { slider.by = Number(range.value); follow(); });
    gone.type = 'button';
    gone.setAttribute('aria-label', fill(words.forget, { name: slider.name }));
    gone.addEventListener('click', () => { sliders.splice(i, 1); remember(); offer(); follow(); });
    label.append(range);
    item.append(label, gone);
    return item;
  }));
}
const follow = newest(async () => {
  const answer = await ask(server.mix, { code: base, sliders: sliders.map(({ direction, by }) => ({ direction, by })) }, below);
  if (answer) dots(answer.dots);
});
function lay(answer) { base = answer.code; dots(answer.dots); }
function dots(packed) {
  inked(canvas, packed, wall.side);
  canvas.setAttribute('aria-label', words.picture_of);
  canvas.dataset.n = 1 + Number(canvas.dataset.n || 0);  // for tests: how often it was painted
}
function keep() {
  const name = field.value.trim().slice(0, LONGEST);
  if (!built) return;
  if (sliders.length >= MOST) { below.textContent = fill(words.full, { n: MOST }); return; }
  sliders.push({ name: name || built.target, direction: built.direction, by: 0 });
  remember();
  offer();
  find('.sliders li:last-child input').focus();
}
let turned = 0;
find('.base').addEventListener('click', async () => {
  const answer = await ask(server.wall, { turn: (turned += 1) });
  if (answer) { lay(answer); follow(); }
});
find('.another').addEventListener('click', () => { rules = { ...rules, turn: rules.turn + 1 }; hang(); });
find('.auto').addEventListener('click', () => { if (wall) auto(); });
find('.build').addEventListener('click', build);
find('.keep').addEventListener('click', keep);
field.addEventListener('keydown', (event) => { if (event.key === 'Enter') { event.preventDefault(); keep(); } });
box.addEventListener('rules', ({ detail }) => {
  const anew = detail.name !== rules.name;
  rules = { ...rules, ...detail, turn: anew ? 0 : rules.turn };
  if (anew) hang();
  else if (built && detail.guess) judge();
});
new ResizeObserver(() => { if (box.offsetParent && !begun) hang(); }).observe(box);
