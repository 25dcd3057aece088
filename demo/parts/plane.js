// The page's half of the plane; what it asks and receives is described in plane.py and demo/gan/field.py.
const field = element.querySelector('.field'), find = (name) => element.querySelector(name);
const canvas = find('canvas'), ink = canvas.getContext('2d'), trouble = find('.trouble'), count = find('.count');
const { rules: first, ...words } = JSON.parse(field.dataset.words);
const EXTENT = 1.2, SLOW = 450, FEWEST = 30, MOST = 1500, APART = 0.02, GRAIN = 0.04;  // milliseconds a step when slow; of a world that is drawn
let rules = first, places = [], key = null, now = null, real = null, told = '', saidAt = 0, playing = false, flying = false, stroke = null, born = 0, begun = null, stops = 0;

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const pairs = (text) => { const all = new Int16Array(bytes(text).buffer); return Array.from(all, (v) => v / 10000); };
const colour = (name) => getComputedStyle(field).getPropertyValue(name).trim();
const on = (layer) => element.querySelector(`[data-layer="${layer}"]`).checked;

async function ask(fn, more) {
  const mine = born;
  const answer = await reply(fn, { ...rules, ...more }, words.lost);
  if (answer.id) key = answer.id;  // the next game takes its place, whether this one was still wanted or not
  if (mine !== born) return null;  // started over in between
  if (!more.still || answer.mishap) trouble.textContent = answer.mishap || '';  // why it stands still stays
  trouble.classList.remove('calm');
  if (answer.mishap) { stop(); return null; }
  return answer;
}
function begin() { return (begun = opening()); }
async function opening() {
  born += 1;
  stop();
  if (rules.world === 'own' && places.length < FEWEST) { blank(); trouble.textContent = words.draw; trouble.classList.add('calm'); paint(); return; }
  const answer = await ask(server.begin, { old: key, places: rules.world === 'own' ? places : null });
  if (!answer) return;
  real = pairs(answer.real);
  take(answer);
}
async function advance(single) {
  const answer = await ask(server.go, { id: now.id, single });
  if (answer) take(answer);
}
function take(answer) {
  now = { ...answer, heat: bytes(answer.heat), fake: pairs(answer.fake), arrows: pairs(answer.arrows), net: pairs(answer.net) };
  count.textContent = words.count.replace('{step}', now.step.toLocaleString('en'));
  // Once a second is often enough for those who hear it.
  if (answer.result !== told && (!playing || performance.now() - saidAt > 1000)) {
    told = answer.result; saidAt = performance.now();
    props.value = { result: told }; trigger('input');
  }
  paint();
  canvas.dataset.step = now.step;
}
async function ready() {  // the game on view ends when the one asked for begins, and another may be asked for meanwhile
  const mine = stops;
  for (let last; last !== begun;) await (last = begun);
  if (mine !== stops) return false;  // what was pressed later counts
  if (!now) await begin();
  return now !== null;
}
async function play() {
  if (!(await ready())) return;
  playing = true;
  find('.play').textContent = words.pause;
  if (flying) return;
  flying = true;
  const mine = born;
  let next = null;
  while (playing && now && element.isConnected) {
    const slow = find('select').value === 'slow';
    const answer = await (next || ask(server.go, { id: now.id, single: slow }));
    if (canvas.offsetParent === null) stop();  // another room was opened
    next = answer && playing && !slow ? ask(server.go, { id: now.id }) : null;  // they play on while this is drawn
    if (answer) take(answer);
    await new Promise((done) => setTimeout(done, slow ? SLOW : 0));
  }
  await next;
  flying = false;
  if (playing && element.isConnected) { play(); return; }  // pressed again while the last frame came
  if (mine !== born || !now || canvas.offsetParent === null) return;
  const answer = await ask(server.go, { id: now.id, still: true });  // measured where it stands
  if (answer && !playing) take(answer);
}
function stop() {
  playing = false; stops += 1;
  find('.play').textContent = words.play;
}

const at = (v) => ((v + EXTENT) / (2 * EXTENT)) * canvas.width;
function dots(all, radius) {
  ink.beginPath();
  for (let i = 0; i < all.length; i += 2) { const x = at(all[i]), y = at(all[i + 1]); ink.moveTo(x + radius, y); ink.arc(x, y, radius, 0, 7); }
}
function paint() {
  const box = canvas.getBoundingClientRect(), fine = window.devicePixelRatio || 1, side = Math.round(box.width * fine);
  if (!side) return;
  if (canvas.width !== side) canvas.width = canvas.height = side;
  ink.fillStyle = colour('--card');
  ink.fillRect(0, 0, side, side);
  if (now && on('map')) map(side);
  if (now && on('net')) net(fine);
  if (real) { dots(real, 1.7 * fine); ink.fillStyle = colour('--real'); ink.fill(); }
  if (rules.world === 'own' && !real) { dots(places.flat(), 1.7 * fine); ink.fillStyle = colour('--real'); ink.fill(); }
  if (!now) return;
  if (on('arrows')) arrows(fine);
  dots(now.fake, 2.4 * fine); ink.fillStyle = colour('--accent'); ink.fill();
}
function map(side) {
  const wide = Math.sqrt(now.heat.length), small = document.createElement('canvas'), image = new ImageData(wide, wide);
  const near = rgb('--yes'), off = rgb('--no');
  now.heat.forEach((belief, i) => {
    const lean = belief / 127.5 - 1, tint = lean > 0 ? near : off;
    image.data.set([...tint, 200 * Math.abs(lean)], 4 * i);
  });
  small.width = small.height = wide;
  small.getContext('2d').putImageData(image, 0, 0);
  ink.imageSmoothingEnabled = true;
  const half = side / (wide - 1) / 2;  // the outermost beliefs are those at the rim
  ink.drawImage(small, -half, -half, side + 2 * half, side + 2 * half);
}
const rgb = (name) => colour(name).match(/\w\w/g).map((two) => parseInt(two, 16));
function net(fine) {
  const wide = Math.sqrt(now.net.length / 2), corner = (r, c) => [at(now.net[2 * (r * wide + c)]), at(now.net[2 * (r * wide + c) + 1])];
  ink.beginPath();
  for (let r = 0; r < wide; r++) {
    for (let c = 0; c < wide; c++) { ink[c ? 'lineTo' : 'moveTo'](...corner(r, c)); }
    for (let c = 0; c < wide; c++) { ink[c ? 'lineTo' : 'moveTo'](...corner(c, r)); }
  }
  ink.strokeStyle = colour('--accent'); ink.globalAlpha = 0.35; ink.lineWidth = 0.8 * fine; ink.stroke(); ink.globalAlpha = 1;
}
function arrows(fine) {
  ink.beginPath();
  for (let i = 0; i < now.arrows.length; i += 2) {
    const x = now.fake[i], y = now.fake[i + 1];
    const tip = [at(x + now.arrows[i]), at(y + now.arrows[i + 1])], way = Math.atan2(tip[1] - at(y), tip[0] - at(x));
    ink.moveTo(at(x), at(y)); ink.lineTo(...tip);
    for (const turn of [2.6, -2.6]) { ink.moveTo(...tip); ink.lineTo(tip[0] + 4 * fine * Math.cos(way + turn), tip[1] + 4 * fine * Math.sin(way + turn)); }
  }
  ink.strokeStyle = colour('--ink'); ink.lineWidth = 1.2 * fine; ink.stroke();
}

// A world of one's own: the pointer scatters points where it goes.
const clip = (v) => Math.max(-1, Math.min(1, Math.round(v * 1e4) / 1e4));
function spot(event) {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top].map((v) => clip((2 * EXTENT * v) / box.width - EXTENT));
}
function add(p) {
  const last = places[places.length - 1];
  if (places.length < MOST && (!last || Math.hypot(p[0] - last[0], p[1] - last[1]) > APART)) places.push(p);
}
// A quick pointer is heard of a few times only: what lies between is drawn in.
function along(to) {
  const from = places[places.length - 1] ?? to, n = 1 + Math.floor(Math.hypot(to[0] - from[0], to[1] - from[1]) / GRAIN);
  for (let i = 1; i <= n; i++) add([0, 1].map((k) => clip(from[k] + (to[k] - from[k]) * i / n)));
}
function clear() { places = []; born += 1; stop(); blank(); }
function blank() {  // no game is on view, and none is told of
  now = null; real = null; count.textContent = ''; told = '';
  props.value = { result: '' }; trigger('input');
}
canvas.addEventListener('pointerdown', (event) => {
  if (rules.world !== 'own' || event.button !== 0) return;
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  if (now) clear();
  stroke = event.pointerId;
  add(spot(event)); paint();
});
canvas.addEventListener('pointermove', (event) => {
  if (stroke !== event.pointerId) return;
  for (const move of event.getCoalescedEvents ? event.getCoalescedEvents() : [event]) along(spot(move));
  paint();
});
// The same by keys: arrows move a pen, space puts it down or lifts it.
const pen = { x: 0, y: 0, down: false };
canvas.addEventListener('keydown', (event) => {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (rules.world !== 'own' || !(step || event.key === ' ')) return;
  event.preventDefault();
  if (now) clear();
  if (event.key === ' ') pen.down = !pen.down;
  else { pen.x = clip(pen.x + 0.03 * step[0]); pen.y = clip(pen.y + 0.03 * step[1]); }
  if (pen.down) add([pen.x, pen.y]);
  paint();
  const side = canvas.width / (2 * EXTENT);
  ink.strokeStyle = colour('--accent'); ink.lineWidth = 2;
  ink.strokeRect((pen.x + EXTENT) * side - 5, (pen.y + EXTENT) * side - 5, 10, 10);
});
for (const name of ['pointerup', 'pointercancel']) canvas.addEventListener(name, () => { stroke = null; });

find('.play').addEventListener('click', () => { if (playing) stop(); else play(); });
find('.step').addEventListener('click', async () => { stop(); if (await ready()) advance(true); });
find('.over').addEventListener('click', begin);
for (const box of element.querySelectorAll('.layers input')) box.addEventListener('change', paint);
field.addEventListener('rules', ({ detail }) => {
  const anew = detail.world !== rules.world || detail.seed !== rules.seed;
  rules = detail;
  field.classList.toggle('own', rules.world === 'own');
  if (anew) begin();
  else if (!trouble.classList.contains('calm')) trouble.textContent = '';  // what was amiss may be mended: the next frame knows
});
new ResizeObserver(() => { if (canvas.offsetParent && !now && !born) begin(); else paint(); }).observe(canvas);
new MutationObserver(paint).observe(document.body, { attributes: true, attributeFilter: ['class'] });
