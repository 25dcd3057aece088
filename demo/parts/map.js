// The page's half of the map; what it asks and receives is described in map.py, demo/vae/atlas.py and walk.py.
const chart = element.querySelector('.chart'), find = (name) => element.querySelector(name);
const wall = find('.wall'), over = find('.over'), here = find('.here canvas'), film = find('.now');
const kinds = find('.kinds'), range = find('.reel input'), trouble = find('.trouble'), runs = find('.runs');
const { rules: first, ...words } = JSON.parse(chart.dataset.words);
const STILL = matchMedia('(prefers-reduced-motion: reduce)').matches, REST = 140, PACE = 110, GRAB = 14, SMALL = 480, ASKED = 10;
// milliseconds before a rest is one, of a picture of the film; CSS pixels around a point, and of a small map; neighbours named
let rules = { ...first, pair: [1, 2] }, map = null, tiles = null, cells = null, cross = null, ends = [], way = null, reel = null;
let ink = null, alone = null, timer = 0, playing = 0, frame = 0, asked = 0, begun = false;

const colour = (name) => getComputedStyle(chart).getPropertyValue(name).trim();
const on = (layer) => find(`[data-layer="${layer}"]`).checked;
const label = (kind) => (kind < 0 ? words.nothing : map.labels[kind]);
const short = (v) => v.toFixed(1).replace('-0.0', '0.0').replace('-', '−');

const ask = (fn, more) => answered(fn, { ...rules, ...more }, () => asked, trouble, words.lost);
async function begin() {
  const mine = (asked += 1);
  begun = true;
  stop();
  find('.pick').textContent = words.drawing;
  const answer = await ask(server.chart, {});
  if (!answer && mine === asked) {  // why is said; the next sight of the room tries again where there is no map yet
    if (map) choose(); else { begun = false; find('.pick').textContent = ''; }
  }
  if (!answer) return;
  const image = await decoded(answer.wall);
  if (mine !== asked) return;
  map = answer; tiles = image; cells = null; ends = []; way = null; alone = null; cross = [0, 0];
  find('.walk').hidden = true; runs.replaceChildren();
  chart.classList.toggle('colour', map.channels === 3);
  chart.classList.toggle('two-numbers', rules.way === 'pair');
  find('.key').textContent = words[map.whose] + ' ' + fill(words.key, { thin: Math.round(100 * map.thin) });
  offer();
  choose();
  paint();
  look();
  tell(answer.result);
  chart.dataset.map = asked;
  follow(mine);
}
// Then all places are painted, and the cross needs no server to be followed; until then the nearest that hangs is shown.
async function follow(mine) {
  const answer = await ask(server.cells, {});
  if (!answer) return;
  const image = await decoded(answer.wall);
  if (mine !== asked) return;
  cells = image;
  chart.dataset.cells = asked;
}
function tell(result) {
  if (!result) return;
  props.value = { result };
  trigger('input');
}

// Kinds as buttons: a press shows one alone.
function offer() {
  kinds.replaceChildren(...map.labels.map((name, kind) => {
    const button = document.createElement('button'), mark = document.createElement('canvas');
    button.type = 'button'; mark.width = mark.height = 32; mark.dataset.kind = kind; mark.setAttribute('aria-hidden', 'true');
    button.setAttribute('aria-pressed', 'false');
    button.append(mark, name);
    button.addEventListener('click', () => {
      alone = alone === kind ? null : kind;
      [...kinds.children].forEach((one, k) => one.setAttribute('aria-pressed', String(k === alone)));
      paint();
    });
    return button;
  }));
  for (const [name, at] of [['.across', 0], ['.up', 1]]) {
    find(name).replaceChildren(...Array.from({ length: map.latent }, (_, i) => new Option(`${i + 1} ${map.names[i]}`.trim(), i + 1)));
    find(name).value = rules.pair[at];
  }
}

// Places: -reach..reach, up is up; the canvas counts from the top left.
const scale = () => over.width / (2 * map.reach);
const to = ([x, y]) => [(x + map.reach) * scale(), (map.reach - y) * scale()];
const rim = (v) => Math.max(-map.reach, Math.min(map.reach, v));
const cell = ([x, y]) => [x, -y].map((v) => Math.max(0, Math.min(map.cells - 1, Math.floor(((v + map.reach) / (2 * map.reach)) * map.cells))));

const SHAPES = [
  (c, r) => c.arc(0, 0, r, 0, 7),
  (c, r) => c.rect(-0.85 * r, -0.85 * r, 1.7 * r, 1.7 * r),
  (c, r) => poly(c, 3, 1.25 * r, -90),
  (c, r) => poly(c, 4, 1.3 * r, 0),
  (c, r) => cross4(c, r, 0),
  (c, r) => poly(c, 3, 1.25 * r, 90),
  (c, r) => star(c, r),
  (c, r) => cross4(c, r, 45),
  (c, r) => poly(c, 6, 1.15 * r, 0),
  (c, r) => { c.arc(0, 0, r, 0, 7); c.moveTo(0.5 * r, 0); c.arc(0, 0, 0.5 * r, 0, 7, true); },
];
function poly(c, n, r, turn) {
  for (let i = 0; i < n; i++) { const a = ((turn + (360 * i) / n) * Math.PI) / 180; c[i ? 'lineTo' : 'moveTo'](r * Math.cos(a), r * Math.sin(a)); }
  c.closePath();
}
function cross4(c, r, turn) {
  const t = 0.38 * r, L = 1.15 * r, a = (turn * Math.PI) / 180;
  [[t, t], [L, t], [L, -t], [t, -t], [t, -L], [-t, -L], [-t, -t], [-L, -t], [-L, t], [-t, t], [-t, L], [t, L]].forEach(([x, y], i) =>
    c[i ? 'lineTo' : 'moveTo'](x * Math.cos(a) - y * Math.sin(a), x * Math.sin(a) + y * Math.cos(a)));
  c.closePath();
}
function star(c, r) {
  for (let i = 0; i < 10; i++) { const a = (-90 + 36 * i) * (Math.PI / 180), far = i % 2 ? 0.55 * r : 1.35 * r; c[i ? 'lineTo' : 'moveTo'](far * Math.cos(a), far * Math.sin(a)); }
  c.closePath();
}
function mark(c, kind, x, y, r) {
  c.save(); c.translate(x, y); c.beginPath();
  SHAPES[kind % SHAPES.length](c, r);
  c.lineWidth = 0.7 * r; c.strokeStyle = colour('--card'); c.stroke();
  c.fillStyle = colour(`--kind-${kind % 10}`); c.fill();
  c.restore();
}

// What stays lies on a sheet of its own; only the walk and the cross are drawn anew with every move.
const base = document.createElement('canvas');
function paint() {
  const fine = window.devicePixelRatio || 1, side = Math.round(over.getBoundingClientRect().width * fine);
  if (!map || !side) return;
  for (const canvas of [wall, over, base]) if (canvas.width !== side) canvas.width = canvas.height = side;
  hang(side);
  ink = base.getContext('2d');
  ink.clearRect(0, 0, side, side);
  if (on('holes')) holes(side, fine);
  ring(fine);
  if (on('points')) { points(fine); names(fine); }
  for (const one of kinds.querySelectorAll('canvas')) {
    const c = one.getContext('2d');
    c.clearRect(0, 0, 32, 32);
    mark(c, Number(one.dataset.kind), 16, 16, 9);
  }
  stir();
}
function stir() {
  if (!map || !base.width) return;
  const fine = window.devicePixelRatio || 1;
  ink = over.getContext('2d');
  ink.clearRect(0, 0, over.width, over.height);
  ink.drawImage(base, 0, 0);
  if (way) line(fine);
  ends.forEach((one, i) => pin(one.at, 'AB'[i], fine));
  stand(fine);
}
// The picture of every third cell hangs, large enough to be seen, each in the middle of its place.
function hang(side) {
  const c = wall.getContext('2d'), n = map.cells / 3, each = side / n, S = map.side;
  c.clearRect(0, 0, side, side);
  if (!on('pictures')) return;
  for (let r = 0; r < n; r++) for (let k = 0; k < n; k++)
    c.drawImage(tiles, k * S, r * S, S, S, k * each, r * each, each, each);
}
function holes(side, fine) {
  const each = side / map.cells;
  ink.save(); ink.beginPath();
  map.share.forEach((share, i) => { if (share < map.thin) ink.rect((i % map.cells) * each - 0.3, Math.floor(i / map.cells) * each - 0.3, each + 0.6, each + 0.6); });
  ink.clip();
  ink.globalAlpha = 0.55; ink.fillStyle = colour('--card'); ink.fillRect(0, 0, side, side);
  ink.globalAlpha = 0.5; ink.strokeStyle = colour('--quiet'); ink.lineWidth = fine; ink.beginPath();
  for (let d = 0; d < 2 * side; d += 7 * fine) { ink.moveTo(d, 0); ink.lineTo(d - side, side); }
  ink.stroke(); ink.restore();
}
function ring(fine) {
  ink.beginPath(); ink.arc(...to([0, 0]), map.ring * scale(), 0, 7);
  ink.setLineDash([6 * fine, 5 * fine]); ink.strokeStyle = colour('--ink'); ink.lineWidth = 1.2 * fine; ink.stroke(); ink.setLineDash([]);
}
// On a small map every second point, and only the names that have room; one kind alone is shown with all of its points.
const small = () => over.clientWidth < SMALL;
const shown = (kind) => alone === null || alone === kind;
const seen = (i) => shown(map.kinds[i]) && (alone !== null || !(i % 2 && small()));
const inside = (at, r) => at.map((v) => Math.max(r, Math.min(base.width - r, v)));
function points(fine) {
  map.points.forEach((point, i) => {
    if (seen(i)) mark(ink, map.kinds[i], ...inside(to(point.map(rim)), 6 * fine), 4 * fine);
  });
}
// A kind's name stands at the middle of its points; names that would cover each other move apart.
function names(fine) {
  const middle = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  ink.save();
  ink.font = `700 ${(small() ? 13 : 14) * fine}px ${getComputedStyle(chart).fontFamily}`; ink.textAlign = 'center'; ink.textBaseline = 'middle';
  let set = map.labels.map((name, kind) => ({ name, kind, mine: map.points.filter((_, i) => map.kinds[i] === kind) }))
    .filter(({ mine, kind }) => mine.length > 2 && shown(kind))
    .map(({ name, mine }) => ({ name, at: to([0, 1].map((k) => rim(middle(mine.map((p) => p[k]))))), half: [ink.measureText(name).width / 2 + 5 * fine, 10 * fine] }));
  if (small()) set = roomy(set); else apart(set, base.width);
  chart.dataset.names = JSON.stringify(set.map(({ at, half }) => [...at, ...half].map((v) => v / base.width)));  // for tests
  for (const { name, at } of set) {
    ink.lineWidth = 5 * fine; ink.lineJoin = 'round'; ink.strokeStyle = colour('--card'); ink.strokeText(name, ...at);
    ink.fillStyle = colour('--ink'); ink.fillText(name, ...at);
  }
  ink.restore();
}
// Names from the rim inwards, each where it belongs, without those that would cover another.
function roomy(set) {
  const far = ({ at }) => Math.hypot(...at.map((v) => v - base.width / 2)), kept = [];
  for (const a of [...set].sort((one, other) => far(other) - far(one))) {
    a.at = a.at.map((v, k) => Math.max(a.half[k], Math.min(base.width - a.half[k], v)));
    if (kept.every((b) => [0, 1].some((k) => Math.abs(a.at[k] - b.at[k]) > a.half[k] + b.half[k]))) kept.push(a);
  }
  return kept;
}
// Boxes of middles `at` and half sides `half` are pushed out of each other, the shorter way, and back into the sheet.
function apart(set, side) {
  for (let round = 0, pushed = true; pushed && round < 60; round++) {
    pushed = false;
    set.forEach((a, i) => set.slice(0, i).forEach((b) => {
      const over = [0, 1].map((k) => a.half[k] + b.half[k] - Math.abs(a.at[k] - b.at[k]));
      if (Math.min(...over) < 0.01) return;
      const k = over[0] < over[1] ? 0 : 1, by = (over[k] / 2) * (a.at[k] < b.at[k] ? -1 : 1);
      a.at[k] += by; b.at[k] -= by; pushed = true;
    }));
    for (const one of set) one.at = one.at.map((v, k) => Math.max(one.half[k], Math.min(side - one.half[k], v)));
  }
}
function line(fine) {
  const [a, b] = way.map(({ at }) => to(at.map(rim)));
  ink.beginPath(); ink.moveTo(...a); ink.lineTo(...b);
  ink.strokeStyle = colour('--card'); ink.lineWidth = 6 * fine; ink.stroke();
  ink.strokeStyle = colour('--accent'); ink.lineWidth = 2.5 * fine; ink.stroke();
  const share = frame / (reel.steps - 1), at = a.map((v, i) => v + share * (b[i] - v));
  ink.beginPath(); ink.arc(...at, 7 * fine, 0, 7); ink.fillStyle = colour('--accent'); ink.fill();
  ink.strokeStyle = colour('--card'); ink.lineWidth = 2 * fine; ink.stroke();
}
function pin(at, name, fine) {
  const [x, y] = inside(to(at.map(rim)), 13 * fine);
  ink.beginPath(); ink.arc(x, y, 11 * fine, 0, 7); ink.fillStyle = colour('--accent'); ink.fill();
  ink.strokeStyle = colour('--card'); ink.lineWidth = 2 * fine; ink.stroke();
  ink.font = `700 ${13 * fine}px ${getComputedStyle(chart).fontFamily}`; ink.textAlign = 'center'; ink.textBaseline = 'middle';
  ink.fillStyle = colour('--on-accent'); ink.fillText(name, x, y + fine);
}
function stand(fine) {
  const [x, y] = to(cross), r = 13 * fine;
  for (const [tone, wide] of [['--card', 5], ['--accent', 2]]) {
    ink.strokeStyle = colour(tone); ink.lineWidth = wide * fine;
    ink.strokeRect(x - r, y - r, 2 * r, 2 * r);
  }
}

// What is painted where the cross stands: at once out of memory, and exactly once it rests.
function look() {
  const [k, r] = cell(cross), S = map.side, c = here.getContext('2d');
  if (here.width !== S) here.width = here.height = S;
  const [image, at] = cells ? [cells, [k, r]] : [tiles, [k, r].map((v) => Math.floor(v / 3))];
  c.drawImage(image, at[0] * S, at[1] * S, S, S, 0, 0, S, S);
  here.dataset.n = 1 + Number(here.dataset.n || 0);  // for tests: how often it was painted
  const near = map.points.map((p, i) => [Math.hypot(p[0] - cross[0], p[1] - cross[1]), map.kinds[i]]).sort((a, b) => a[0] - b[0]).slice(0, ASKED);
  const votes = near.reduce((all, [, kind]) => ({ ...all, [kind]: (all[kind] || 0) + 1 }), {});
  const [kind, most] = Object.entries(votes).sort((a, b) => b[1] - a[1])[0], share = map.share[r * map.cells + k];
  const facts = { x: short(cross[0]), y: short(cross[1]), n: ASKED, k: most, kind: label(kind), share: share.toFixed(share < 1 ? 2 : 1) };
  here.setAttribute('aria-label', fill(words.nearest, facts));
  const said = [words.at, words.nearest, share < map.thin ? words.hole : words.dense].map((text) => fill(text, facts)).join('; ');
  told.textContent = said[0].toUpperCase() + said.slice(1) + '.';
  clearTimeout(timer);
  timer = setTimeout(() => exact([...cross]), REST);
}
const exact = newest(async (at) => {
  const answer = await ask(server.spot, { at });
  if (!answer || at.some((v, i) => v !== cross[i])) return;
  inked(here, answer.dots, map.side);
  here.dataset.exact = at;
});

// Walks: the first choice is where from, the second where to.
function near(at, reach) {
  let best = null, least = reach;
  if (!on('points')) return null;
  map.points.forEach((p, i) => {
    const away = Math.hypot(rim(p[0]) - at[0], rim(p[1]) - at[1]);
    if (seen(i) && away < least) { least = away; best = i; }
  });
  return best;
}
function take(at, reach) {
  const point = near(at, reach);
  const one = point === null ? { at: [...at], sent: { at } } : { at: map.points[point], point, sent: { point } };
  if (ends.length === 2) { ends = []; way = null; stop(); find('.walk').hidden = true; runs.replaceChildren(); }
  if (ends.length && JSON.stringify(ends[0].sent) === JSON.stringify(one.sent)) return;  // from a place to itself is no way
  ends.push(one);
  choose();
  stir();
  if (ends.length === 2) go();
}
const called = ({ point }) => (point === undefined ? words.a_place : map.labels[map.kinds[point]]);
function choose() {
  const said = [words.pick, words.first, words.from + ' ' + words.to][ends.length];
  find('.pick').textContent = fill(said, { a: ends[0] && called(ends[0]), b: ends[1] && called(ends[1]) });
}
async function go() {
  const mine = ends;
  const answer = await ask(server.walk, { ends: ends.map(({ sent }) => sent) });
  if (!answer || mine !== ends) return;
  const image = await decoded(answer.film);
  if (mine !== ends) return;
  reel = { ...answer, image }; way = ends; frame = 0;
  find('.walk').hidden = false;
  find('.walk').scrollIntoView({ block: 'nearest', behavior: STILL ? 'auto' : 'smooth' });  // on a phone it comes below the map
  range.max = reel.steps - 1;
  captions();
  lengths();
  show();
  tell(answer.result);
  find('.walk').dataset.walk = 1 + Number(find('.walk').dataset.walk || 0);
  if (!STILL) play();
}
function captions() {
  const said = way.map((one, i) => 'AB'[i] + ': ' + called(one));
  piece(find('.a'), 0); piece(find('.b'), reel.steps + 1);
  ['.a', '.b'].forEach((name, i) => { find(name).setAttribute('aria-label', said[i]); find(name).parentElement.title = said[i]; });
}
function piece(canvas, i) {
  const S = map.side;
  if (canvas.width !== S) canvas.width = canvas.height = S;
  canvas.getContext('2d').drawImage(reel.image, i * S, 0, S, S, 0, 0, S, S);
}
// What the judge sees on the way, as stretches.
function lengths() {
  const all = [];
  for (const kind of reel.kinds) { if (all.length && all[all.length - 1].kind === kind) all[all.length - 1].n += 1; else all.push({ kind, n: 1 }); }
  runs.replaceChildren(...all.map(({ kind, n }) => {
    const item = document.createElement('li');
    item.textContent = label(kind); item.title = `${label(kind)} × ${n}`; item.style.flexGrow = n;
    item.className = kind < 0 ? 'none' : '';
    if (kind >= 0) item.style.setProperty('--tone', `var(--kind-${kind % 10})`);
    return item;
  }));
}
function show() {
  piece(film, frame + 1);
  film.dataset.frame = frame;
  const kind = label(reel.kinds[frame]), facts = { i: frame + 1, n: reel.steps, kind, sure: Math.round(100 * reel.sure[frame]) };
  const said = fill(words.frame_said, facts);
  find('.seen').textContent = said;
  film.setAttribute('aria-label', said);
  range.value = frame; range.setAttribute('aria-valuetext', said);
  stir();
}
function play() {
  stop();
  if (frame >= reel.steps - 1) frame = 0;
  find('.play').textContent = words.pause;
  playing = setInterval(() => {
    if (over.offsetParent === null || frame >= reel.steps - 1) { stop(); return; }
    frame += 1;
    show();
  }, PACE);
}
function stop() {
  clearInterval(playing);
  playing = 0;
  find('.play').textContent = words.play;
}
function two() {
  const any = () => Math.floor(Math.random() * map.points.length);
  const a = any();
  let b = any();
  for (let tries = 0; map.kinds[a] === map.kinds[b] && tries < 50; tries++) b = any();
  stop(); way = null;
  ends = [a, b].map((point) => ({ at: map.points[point], point, sent: { point } }));
  choose();
  go();
}

function under(event) {
  const box = over.getBoundingClientRect();
  return [((event.clientX - box.left) / box.width) * 2 * map.reach - map.reach, map.reach - ((event.clientY - box.top) / box.height) * 2 * map.reach].map(rim);
}
const told = find('.told');  // read out where keys move the cross, and not with every move of a pointer
over.addEventListener('pointermove', (event) => { if (map) { told.setAttribute('aria-live', 'off'); cross = under(event); look(); stir(); } });
over.addEventListener('click', (event) => {
  if (!map) return;
  cross = under(event);
  look();
  take(cross, (GRAB / over.getBoundingClientRect().width) * 2 * map.reach);
});
over.addEventListener('keydown', (event) => {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
  if (!map || !(step || event.key === 'Enter' || event.key === ' ' || event.key === 'Escape')) return;
  event.preventDefault();
  const each = (2 * map.reach) / map.cells;
  told.setAttribute('aria-live', 'polite');
  if (step) { cross = cross.map((v, i) => rim(v + step[i] * each * (event.shiftKey ? 3 : 1))); look(); stir(); }
  else if (event.key === 'Escape') { stop(); ends = []; way = null; find('.walk').hidden = true; runs.replaceChildren(); choose(); stir(); }
  else take(cross, each);
});
find('.two').addEventListener('click', () => { if (map) two(); });
find('.play').addEventListener('click', () => { if (playing) stop(); else play(); });
range.addEventListener('input', () => { stop(); frame = Number(range.value); show(); });
for (const box of element.querySelectorAll('.layers input')) box.addEventListener('change', paint);
for (const select of element.querySelectorAll('.pair select')) select.addEventListener('change', () => {
  const pair = [Number(find('.across').value), Number(find('.up').value)];
  rules = { ...rules, pair: pair[0] === pair[1] ? [...rules.pair].reverse() : pair };  // both the same: they change places
  begin();
});
chart.addEventListener('rules', ({ detail }) => {
  const anew = detail.name !== rules.name || detail.way !== rules.way;
  if (detail.name !== rules.name) rules = { ...rules, pair: [1, 2] };
  rules = { ...rules, ...detail };
  if (anew) begin();
  else if (way && detail.guess) judge();
});
// What came of a guess that was made when the walk was on view.
async function judge() {
  const mine = way;
  const answer = await ask(server.walk, { ends: way.map(({ sent }) => sent) });
  if (answer && mine === way) tell(answer.result);
}
new ResizeObserver(() => { if (over.offsetParent && !begun) begin(); else paint(); }).observe(over);
new MutationObserver(paint).observe(document.body, { attributes: true, attributeFilter: ['class'] });
