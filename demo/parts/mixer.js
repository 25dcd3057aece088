// The page's half of the latent mixer; what it receives and asks is described in mixer.py.
const find = (name) => element.querySelector(name);
const { first, ...words } = JSON.parse(find('.given').dataset.words);
const reads = find('.reads canvas'), again = find('.again canvas'), caption = find('.again figcaption'), way = find('.way');
const nine = [...element.querySelectorAll('.nine button')], trouble = find('.trouble');
for (const canvas of [reads, again]) canvas.getContext('2d', { willReadFrequently: true });  // to be compared
const FULL = { 1: 1.5, 3: 4 };  // a miss of one over this is full colour
const FARTHEST = 6;  // what the server takes for a number of a code
const FAR = 3, STOPS = 25, STEP = 0.05, REST = 120;  // a slider's ends, places painted ahead, one key press; milliseconds
let far = FAR;  // or farther, where a drawing's own code and its cloud lie; while somebody draws, it only grows
let ahead = null, resting = 0;  // what the sliders would paint, and the code that it was painted for
let seen = null, given = null, code = [], draws = [], sliders = [], moved = false, painted = '', exact = true, bare = false;

function draw(canvas, dots) {
  inked(canvas, dots, seen.side);
  canvas.dataset.n = 1 + Number(canvas.dataset.n || 0);  // for tests: how often it was painted
}

function paint(dots) {
  painted = dots; exact = true;
  draw(again, dots);
  err();
}

// Where the redraw misses what was read: the more, the thicker the colour. In paintings it misses less and everywhere.
function err() {
  const map = find('.errs'), brush = map.getContext('2d'), side = seen.side, gain = FULL[seen.channels];
  find('.misses').hidden = map.hidden;
  find('.misses span + span').textContent = fill(words.misses, { full: Math.round(100 / gain) });
  if (map.hidden) return;
  if (map.width !== side) map.width = map.height = side;
  brush.fillStyle = getComputedStyle(map).color;
  brush.fillRect(0, 0, side, side);
  const image = brush.getImageData(0, 0, side, side);
  const [a, b] = [reads, again].map((canvas) => canvas.getContext('2d').getImageData(0, 0, side, side).data);
  for (let i = 3; i < a.length; i += 4) {
    image.data[i] = Math.min(255, gain * Math.max(...[1, 2, 3].map((c) => Math.abs(a[i - c] - b[i - c]))));
  }
  brush.putImageData(image, 0, 0);
}
const within = (v) => Math.max(-FARTHEST, Math.min(FARTHEST, v));
const ask = (fn, question) => answered(fn, { name: seen.name, code: code.map(within), ...question }, () => seen, trouble, words.lost);
const follow = newest(async () => {
  const answer = await ask(server.mix, {});
  if (answer && moved && !bare) paint(answer.dots);
});
const look = newest(async ({ dots, laid }) => {
  if (laid !== given) return;  // another picture was laid on the pad in between
  const answer = await ask(server.look, { dots });
  if (answer) answer.mean ? show(answer) : empty();
});
const along = (v) => Math.min(Math.max((v + far) / (2 * far), 0), 1);  // a slider, from end to end
const isAhead = () => ahead !== null && ahead.name === seen.name && ahead.end === far;
// Once all is at rest, the server paints ahead what each slider in sight would show, and moving one needs no server.
const paintAhead = newest(async () => {
  if (isAhead() && ahead.base.every((v, i) => v === code[i]) && !(find('details').open && ahead.latents.length < code.length)) return;
  const latents = seen.order.slice(0, find('details').open ? code.length : first), base = [...code], end = far;
  const answer = await ask(server.ahead, { latents, far: end });
  if (!answer) return;
  const sheet = await decoded(answer.sheet);
  ahead = { name: seen.name, latents, base, end, sheet };
  find('.given').dataset.ahead = 1 + Number(find('.given').dataset.ahead || 0);  // for tests: how often it was painted ahead
});
function rest() {
  clearTimeout(resting);
  resting = setTimeout(() => { if (seen && !bare && element.offsetParent !== null) paintAhead(); }, REST);
}
// Between two places painted ahead one is faded into the other; once the slider is let go, the very code is painted.
function fromMemory(k) {
  const row = isAhead() ? ahead.latents.indexOf(k) : -1;
  if (row < 0 || code.some((v, i) => i !== k && v !== ahead.base[i])) return false;
  const place = along(code[k]) * (STOPS - 1), at = Math.min(Math.floor(place), STOPS - 2);
  const side = seen.side, brush = again.getContext('2d');
  [[at, 1], [at + 1, place - at]].forEach(([stop, alpha]) => {
    brush.globalAlpha = alpha;
    brush.drawImage(ahead.sheet, stop * side, row * side, side, side, 0, 0, side, side);
  });
  brush.globalAlpha = 1;
  exact = false;
  again.dataset.n = 1 + Number(again.dataset.n || 0);
  err();
  return true;
}
async function shake() {
  if (!exact) {
    const answer = await ask(server.mix, {});
    if (!answer) return;
    paint(answer.dots);
  }
  const answer = await ask(server.shake, { spread: seen.spread, seed: Math.floor(Math.random() * 1e6) });
  if (answer && !bare) hang(answer);
}
function hang({ codes, dots }) {
  draws = codes.map((numbers, i) => ({ code: numbers, dots: dots[i] }));
  draws.splice(4, 0, { code: moved ? [...code] : seen.mean, dots: painted });  // the middle of the cloud hangs in the middle
  draws.forEach((one, i) => draw(nine[i].querySelector('canvas'), one.dots));
}

// The picture for a code that is already painted: a draw from the cloud, or the redraw itself.
function take(one) {
  code = [...one.code];
  moved = one.code !== seen.mean;
  sliders.forEach((slider) => put(slider));
  own();
  paint(one.dots);
  say();
  rest();
}
function say() {
  caption.textContent = moved ? words.mixed : words.again;
  reads.setAttribute('aria-label', find('.reads figcaption').textContent);
  again.setAttribute('aria-label', caption.textContent);
  find('.reset').disabled = !moved;
}
// The pad was cleared: nothing is read, so nothing is redrawn, until there is ink again.
function empty() {
  strip(true);
  for (const canvas of element.querySelectorAll('canvas')) canvas.getContext('2d').clearRect(0, 0, canvas.width, canvas.height);
  way.textContent = words.none;
  [reads, again].forEach((canvas) => canvas.setAttribute('aria-label', words.none));
  sliders.forEach(({ range, out, spread, bits }) => { range.value = 0; out.textContent = spread.textContent = bits.textContent = ''; });
}
function strip(on) {
  bare = on;
  find('.given').classList.toggle('empty', on);
  for (const one of element.querySelectorAll('button, input')) one.disabled = on;
}

function made(rank) {
  const item = document.createElement('li'), label = document.createElement('label'), range = document.createElement('input');
  const track = document.createElement('span'), out = document.createElement('output');
  const name = document.createElement('span'), bits = document.createElement('span'), spread = document.createElement('span');
  track.className = 'track'; bits.className = 'bits'; spread.className = 'spread';
  track.innerHTML = '<span class="band"></span><span class="mean"></span>';
  Object.assign(range, { type: 'range', step: STEP });
  label.append(name, track, range);
  item.append(label, out, spread, bits);
  const slider = { item, name, range, track, out, spread, bits, rank };
  range.addEventListener('input', () => {
    code[seen.order[rank]] = Number(range.value);
    moved = true;
    told(slider);
    say();
    if (!fromMemory(seen.order[rank])) follow();
  });
  range.addEventListener('change', () => { follow(); rest(); });
  return slider;
}
// Sliders of the visitor's own, kept in Compass, move the whole code along their directions; each new code lays them back.
function own() {
  const mine = kept(seen.name, code.length);
  find('.own').hidden = !mine.length;
  if (mine.length || find('.own ul').children.length) find('.own ul').replaceChildren(...mine.map(mover));
}
function mover({ name, direction }) {
  const item = document.createElement('li'), label = document.createElement('label'), range = document.createElement('input');
  const said = document.createElement('span'), track = document.createElement('span');
  let at = 0;
  Object.assign(range, { type: 'range', min: -FAR, max: FAR, step: STEP, value: 0 });
  range.addEventListener('input', () => {
    const by = Number(range.value) - at;
    at += by;
    code = code.map((v, i) => v + by * direction[i]);
    moved = true;
    sliders.forEach((slider) => put(slider));
    say();
    follow();
  });
  range.addEventListener('change', () => { follow(); rest(); });
  said.textContent = name; track.className = 'track'; track.innerHTML = '<span class="mean" style="--mean: 50%"></span>';
  label.append(said, track, range);
  item.append(label);
  return item;
}
function put(slider) {
  slider.range.value = code[seen.order[slider.rank]];
  told(slider);
}
function told({ range, out, rank }) {
  const k = seen.order[rank], value = code[k].toFixed(1).replace('-0.0', '0.0').replace('-', '−');
  out.textContent = value;
  const facts = { i: rank + 1, value, mean: seen.mean[k].toFixed(1), spread: seen.spread[k].toFixed(2), bits: seen.bits[k].toFixed(1) };
  const about = goes(seen.names[k]);
  range.setAttribute('aria-label', fill(words.slider, facts) + (about && ' ' + about));
  range.setAttribute('aria-valuetext', value);
}
function goes(about) { return about?.what ? fill(about.told ? words.told : words.named, about) : ''; }
function cloud({ item, name, range, track, spread, bits, rank }) {
  const k = seen.order[rank], about = seen.names[k] || {};
  Object.assign(range, { min: -far, max: far });
  name.textContent = about.what ? `${rank + 1} ${fill(about.r[0] === '−' ? words.falls : words.grows, about)}` : rank + 1;
  item.title = goes(about);
  spread.textContent = '± ' + seen.spread[k].toFixed(2);
  bits.textContent = fill(words.tells, { bits: seen.bits[k].toFixed(1) });
  track.style.setProperty('--mean', 100 * along(seen.mean[k]) + '%');
  track.style.setProperty('--spread', (100 * seen.spread[k]) / (2 * far) + '%');
}
function build(n) {
  sliders = Array.from({ length: n }, (_, rank) => made(rank));
  find('.first').replaceChildren(...sliders.slice(0, first).map(({ item }) => item));
  find('.rest').replaceChildren(...sliders.slice(first).map(({ item }) => item));
  find('.rest').style.setProperty('--rows', Math.ceil((n - first) / 2));  // in two columns, whose width holds a slider
  find('details').hidden = n <= first;
  find('summary').textContent = words.rest.replace('{n}', n - first);
  find('h4').textContent = words.head.replace('{n}', n);
}

function read() {
  if (!props.value || !props.value.mean || props.value === given) return;
  given = props.value;
  show(given);
  find('.given').dataset.laid = 1 + Number(find('.given').dataset.laid || 0);  // for tests: how often a picture was laid
}
function show(value) {
  seen = value; code = [...seen.mean]; moved = false; trouble.textContent = '';
  if (bare) strip(false);
  element.classList.toggle('colour', seen.channels === 3);
  element.classList.toggle('named', seen.names.some(({ what }) => what));
  const reach = Math.ceil(Math.max(...seen.mean.map((mean, k) => Math.abs(mean) + 2 * seen.spread[k])));
  far = Math.min(FARTHEST, Math.max(value === given ? FAR : far, reach));
  if (sliders.length !== code.length) build(code.length);
  sliders.forEach((slider) => { cloud(slider); put(slider); });
  if (value === given || !find('.own').hidden) own();  // while somebody draws, only where there are any
  const bits = seen.bits.reduce((a, b) => a + b, 0).toFixed(0);
  way.textContent = fill(words.way, { bits, s: bits === '1' ? '' : 's' });
  draw(reads, seen.reads);
  paint(seen.again);
  hang(seen);
  say();
  rest();
}
find('details').addEventListener('toggle', rest);
new IntersectionObserver(([{ isIntersecting }]) => { if (isIntersecting) { rest(); if (seen && !moved) own(); } }).observe(element);
find('.shake').addEventListener('click', () => { if (seen) shake(); });
find('.miss').addEventListener('click', ({ currentTarget: button }) => {
  const map = find('.errs');
  map.hidden = !map.hidden;
  button.setAttribute('aria-pressed', String(!map.hidden));
  if (seen) err();
});
find('.reset').addEventListener('click', () => { if (seen) { take({ code: seen.mean, dots: seen.again }); hang(seen); } });
nine.forEach((button, i) => button.addEventListener('click', () => { if (draws[i]) take(draws[i]); }));
element.closest('.room').addEventListener('drawn', ({ detail }) => { if (seen) look({ dots: detail, laid: given }); });
watch('value', read);
read();
