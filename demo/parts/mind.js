// The page's half of the inside of a storyteller; what it asks and receives is described in mind.py and demo/gpt/looking.py.
const inside = element.querySelector('.inside'), room = element.closest('.room'), find = (name) => room.querySelector('.mind ' + name);
const { first, ...words } = JSON.parse(inside.dataset.words);
const line = find('.pieces'), grid = find('.grid'), trouble = find('.trouble'), switcher = find('.off');
const LABELLED = 24;  // pieces of which the rows of a matrix can still be named
let state = { text: first.text, teller: first.teller, at: null, off: [] }, guess = first.guess, seen = null, begun = false;
let pieces = [], cells = [], held = null, turn = 0, described = first.teller;  // whose parts the table tells

const told = (text, facts) => fill(text, facts).replaceAll(' %', '\u00a0%');
const make = (tag, kind, text) => {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = text;
  return made;
};
const percent = (share) => {
  const number = share < 1e-5 ? '< 0.001' : (100 * share).toLocaleString('en', { maximumSignificantDigits: share >= 0.1 ? 3 : 2 });
  return number + '\u00a0%';
};
const shown = (text) => {
  if (text === '') return words.end;
  const core = text.trim();
  return core !== '' ? core : text.includes('\n') ? words.line : words.space;
};
const named = (i) => (i === 0 ? words.beginning : `“${shown(seen.pieces[i])}”`);
const looked = (i) => (i === seen.at ? words.itself : named(i));
const share = (mille) => (mille < 10 ? (mille / 10).toFixed(1) : Math.round(mille / 10));
const isOther = () => seen !== null && seen.teller !== state.teller;  // what stands there is another teller's: it is not asked about
const isOff = ([layer, head]) => state.off.some(([l, h]) => l === layer && h === head);

const asked = (fn, question) => answered(fn, question, () => null, trouble, words.lost);
const look = newest(async (question) => {
  const answer = await asked(server.look, question);
  if (question.text !== state.text || question.teller !== state.teller) return;
  if (!answer) {
    if (seen) back();
    return;
  }
  const other = seen && question.teller !== seen.teller;
  const anew = !seen || other || question.text !== seen.text;  // else the buttons stay, and with them the focus
  seen = { ...answer, text: question.text, teller: question.teller, off: question.off };
  inside.classList.remove('waiting');
  if (other) { grid.replaceChildren(); cells = []; held = null; }
  if (question.teller !== described) parts({ teller: question.teller });
  choose(question.teller);  // a story brings its own
  if (state.at === null) state.at = answer.at;
  if (anew) lay();
  if (!cells.length) tower();
  if (!held) hold(sharpest());
  tell();
});
// What stands there can still be asked about, and the room's choice says whose it is.
function back() {
  state = { text: seen.text, teller: seen.teller, at: seen.at, off: seen.off };
  inside.classList.remove('waiting');
  find('.cut').hidden = find('.all').hidden = !state.off.length;
  choose(seen.teller);
}
function choose(teller) { room.querySelector(`input[type=radio][value="${teller}"]:not(:checked)`)?.click(); }
const cut = newest(async ({ mine, pending, ...question }) => {
  const answer = mine === turn && (await asked(server.cut, { ...question, guess }));
  if (mine !== turn) return;
  find('.busy').textContent = '';
  if (answer) { compare(answer); say(answer.result); }
  if (answer ? answer.pending : pending) later({ ...question, mine, pending: true });
});
// What is still being measured is asked for again as long as it is in sight, however long one was elsewhere.
function later(question) {
  setTimeout(() => { if (question.mine === turn) (grid.checkVisibility() ? cut : later)(question); }, 6000);
}
const parts = newest(async (question) => {
  const rows = await asked(server.blocks, question);
  if (!rows || question.teller !== state.teller) return;
  described = question.teller;
  find('.blocks tbody').replaceChildren(...rows.map(({ title, what, shape, weights }) => {
    const row = make('tr'), part = make('th', '', title);
    part.scope = 'row';
    part.append(make('span', 'does', what));
    row.append(part, make('td', 'figure', shape), make('td', 'figure', weights));
    return row;
  }));
});
function ask(change) {
  state = { ...state, ...change };
  turn += 1;
  inside.classList.toggle('waiting', isOther());
  look({ ...state });
  find('.cut').hidden = find('.all').hidden = !state.off.length;
  if (state.off.length) { find('.busy').textContent = words.measuring; cut({ ...state, mine: turn }); } else say('');
}
function say(result) {
  if (result === ((props.value || {}).result || '')) return;
  props.value = { result };
  trigger('input');
}

// The text: a button for each piece, and under it what the held head's look there is.
function lay() {
  line.replaceChildren();
  pieces = seen.pieces.map((text, i) => {
    const button = make('button', /^\s/.test(text) || i < 2 ? 'piece apart' : 'piece');
    button.type = 'button';
    button.append(make('span', i ? 'text' : 'text mark', i ? shown(text) : '⁂'), make('span', 'share'));
    button.tabIndex = i === seen.at ? 0 : -1;
    line.append(button);
    return button;
  });
}
function tint() {
  const weights = seen.heads[held[0]][held[1]];
  pieces.forEach((button, i) => {
    const later = i > seen.at, weight = later ? 0 : weights[i];
    button.style.setProperty('--look', weight / 10 + '%');
    button.classList.toggle('later', later);
    button.setAttribute('aria-pressed', String(i === seen.at));
    button.querySelector('.share').textContent = later ? '' : weight < 5 ? '·' : Math.round(weight / 10);
    button.setAttribute('aria-label', told(later ? words.ahead_piece : words.looked, { piece: i ? shown(seen.pieces[i]) : words.beginning, share: share(weight) }));
  });
}

// The heads: a small picture each, a row a layer.
function tower() {
  const layers = seen.heads.length, heads = seen.heads[0].length;
  grid.setAttribute('aria-label', told(words.grid, { layers, heads }));
  grid.style.setProperty('--heads', heads);
  const numbers = seen.heads[0].map((_, head) => make('span', 'nth', head + 1));
  numbers.forEach((number) => number.setAttribute('aria-hidden', 'true'));
  grid.append(make('span', 'layer', words.head), ...numbers);
  cells = seen.heads.map((row, layer) => {
    grid.append(make('span', 'layer', told(words.layer, { n: layer + 1 })));
    return row.map((_, head) => {
      const cell = make('button', 'cell');
      cell.type = 'button'; cell.setAttribute('role', 'radio'); cell.tabIndex = -1;
      cell.innerHTML = '<svg preserveAspectRatio="none" aria-hidden="true"><path></path></svg>';
      cell.addEventListener('pointerenter', (event) => { if (event.pointerType === 'mouse') show([layer, head]); });
      cell.addEventListener('focus', () => hold([layer, head]));
      cell.addEventListener('click', () => cell.focus());
      cell.addEventListener('keydown', (event) => {
        const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] || [];
        const next = down !== undefined && (cells[layer + down] || [])[head + right];
        if (down !== undefined) event.preventDefault();
        if (next) next.focus();
      });
      grid.append(cell);
      return cell;
    });
  });
}
function picture(layer, head) {
  const weights = seen.heads[layer][head], cell = cells[layer][head], off = isOff([layer, head]);
  const bars = weights.map((weight, i) => (weight ? `M${i + 0.1} 100v${-weight / 10}h.8v${weight / 10}z` : '')).join('');
  cell.querySelector('svg').setAttribute('viewBox', `0 0 ${weights.length} 100`);
  cell.querySelector('path').setAttribute('d', bars);
  const most = weights.indexOf(Math.max(...weights));
  cell.classList.toggle('cut-off', off);
  cell.setAttribute('aria-label', told(off ? words.cell_off : words.cell, { layer: layer + 1, head: head + 1, piece: looked(most), share: share(weights[most]) }));
}
function sharpest() {
  let best = [0, 0], most = -1;
  seen.heads.forEach((row, layer) => row.forEach((weights, head) => {
    const there = Math.max(0, ...weights.slice(1, -1));  // at a word before, not at the beginning or itself
    if (there > most) { most = there; best = [layer, head]; }
  }));
  return best;
}
function hold(head) {
  if (held) cells[held[0]][held[1]].tabIndex = -1;
  held = head;
  cells[head[0]][head[1]].tabIndex = 0;
  cells.flat().forEach((cell) => cell.setAttribute('aria-checked', String(cell === cells[head[0]][head[1]])));
  show(head);
  peer();
}
function show([layer, head]) {
  const own = held;
  held = [layer, head]; tint(); held = own;
  const weights = seen.heads[layer][head], off = isOff([layer, head]);
  const order = weights.map((weight, i) => [weight, i]).sort((a, b) => b[0] - a[0]);
  const [[most, at], ...rest] = order, others = rest.slice(0, 2).filter(([weight]) => weight >= 5);
  const facts = { piece: named(seen.at), most: looked(at), share: share(most), others: others.map(([weight, i]) => `${looked(i)}, ${share(weight)} %`).join('; ') };
  find('.one h4').textContent = told(words.title, { layer: layer + 1, head: head + 1 });
  find('.looks').textContent = told(others.length ? words.most : words.only, facts);
  switcher.textContent = off ? words.switch_on : words.switch_off;
  switcher.setAttribute('aria-pressed', String(off));
}
function tell() {
  find('.heads h4').textContent = told(words.heads, { piece: named(seen.at) });
  seen.heads.forEach((row, layer) => row.forEach((_, head) => picture(layer, head)));
  find('.count span').textContent = state.off.length ? told(words.off_now, { n: state.off.length, of: cells.flat().length }) : '';
  show(held);
  guesses();
  peer();
  grid.dataset.at = seen.at; grid.dataset.off = state.off.length;
}

// What each layer would have guessed, and what changes without some heads.
function guesses() {
  const truth = seen.pieces[seen.at + 1], head = make('tr'), last = seen.layers.length - 1;
  find('.layers h4').textContent = told(words.layers, { piece: named(seen.at) });
  const titles = [words.after, ...words.guess];
  if (truth !== undefined) titles.push(told(words.truth, { piece: `“${shown(truth)}”` }));
  head.append(...titles.map((title) => { const cell = make('th', '', title); cell.scope = 'col'; return cell; }));
  find('.layers thead').replaceChildren(head);
  find('.layers tbody').replaceChildren(...seen.layers.map((layer, n) => {
    const row = make('tr'), title = make('th', '', n === 0 ? words.word : told(n === last ? words.answer : words.block, { n }));
    title.scope = 'row';
    row.append(title, ...layer.top.map(([piece, chance]) => {
      const cell = make('td', piece === truth ? 'right' : '');
      cell.append(make('span', 'word', shown(piece)), ' ', make('span', 'figure', percent(chance)));
      return cell;
    }));
    if (truth !== undefined) row.append(measure(layer.truth));
    return row;
  }));
  find('.open').textContent = truth === undefined ? words.open : '';
}
function measure(chance) {
  const cell = make('td', 'chance'), bar = make('span', 'share');
  bar.style.setProperty('--share', 100 * chance + '%');
  cell.append(make('span', 'figure', percent(chance)), bar);
  return cell;
}
function compare({ after, next, same, stories }) {
  find('.busy').textContent = '';
  find('.cut h4').textContent = told(words.cut, { piece: after === null ? words.beginning : `“${shown(after)}”` });
  find('.cut tbody').replaceChildren(...next.map(([piece, intact, left]) => {
    const row = make('tr'), title = make('th', 'word', shown(piece));
    title.scope = 'row';
    row.append(title, measure(intact), measure(left));
    return row;
  }));
  find('.goes').textContent = told(words.goes, { n: 20 }) + (stories[0] === stories[1] ? ' ' + words.alike : '');
  room.querySelectorAll('.cut dd').forEach((place, i) => place.replaceChildren(make('span', '', same), make('mark', '', stories[i])));
}

// One head with its mask and without, while that fold is open.
const peek = newest(async (question) => {
  const answer = await asked(server.ahead, question);
  if (!answer || question.text !== state.text || question.teller !== state.teller) return;
  find('.ahead .said').textContent = answer.said;
  room.querySelectorAll('.ahead canvas').forEach((canvas, i) => draw(canvas, i ? answer.free : answer.masked));
});
function peer() {
  if (find('.ahead').open && seen && held && !isOther()) peek({ ...state, head: held });
}
function draw(canvas, rows) {
  const size = rows.length, dots = canvas.getContext('2d'), figure = canvas.parentElement;
  canvas.width = canvas.height = size;
  dots.fillStyle = getComputedStyle(element).getPropertyValue('--accent');
  rows.forEach((row, i) => row.forEach((weight, j) => { dots.globalAlpha = Math.sqrt(weight / 1000); dots.fillRect(j, i, 1, 1); }));
  figure.querySelectorAll('ol, .chosen').forEach((old) => old.remove());
  const frame = make('span', 'chosen'), labels = make('ol', 'labels');
  frame.style.setProperty('--row', seen.at); frame.style.setProperty('--rows', size);
  labels.setAttribute('aria-hidden', 'true');
  if (size <= LABELLED) labels.append(...seen.pieces.map((piece, i) => make('li', '', i ? shown(piece) : '⁂')));
  figure.prepend(labels);
  figure.append(frame);
}

line.addEventListener('click', (event) => {
  const i = pieces.indexOf(event.target.closest('button'));
  if (i < 0 || isOther()) return;
  focusOn(i);
  ask({ at: i });
});
line.addEventListener('keydown', (event) => {
  const i = pieces.indexOf(event.target);
  const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: pieces.length - 1 }[event.key];
  if (i < 0 || to === undefined) return;
  event.preventDefault();
  focusOn(Math.min(Math.max(to, 0), pieces.length - 1));
});
function focusOn(i) {
  pieces.forEach((button, k) => { button.tabIndex = k === i ? 0 : -1; });
  pieces[i].focus();
}
grid.addEventListener('pointerleave', () => { if (held) show(held); });
switcher.addEventListener('click', () => {
  if (!held || isOther()) return;
  ask({ off: isOff(held) ? state.off.filter(([l, h]) => l !== held[0] || h !== held[1]) : [...state.off, held] });
});
find('.all').addEventListener('click', () => { ask({ off: [] }); switcher.focus(); });
room.addEventListener('toggle', (event) => { if (event.target.matches('.ahead')) peer(); }, true);  // it does not bubble
inside.addEventListener('text', ({ detail }) => {
  begun = true;
  const { text, teller } = typeof detail === 'string' ? { ...state, text: detail } : detail;
  ask({ text, teller, at: null, off: teller === state.teller ? state.off : [] });
});
inside.addEventListener('teller', ({ detail }) => { begun = true; if (detail !== state.teller) ask({ teller: detail, at: null, off: [] }); });
inside.addEventListener('guess', ({ detail }) => { guess = detail; if (state.off.length) ask({}); });
new IntersectionObserver((found) => { if (!begun && found.some((one) => one.isIntersecting)) { begun = true; ask({}); } }, { rootMargin: '2000px 0px' }).observe(inside);
inside.classList.add('listening');
