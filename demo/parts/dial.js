// The page's half of the dial; what it receives and sends is described in dial.py and demo/dialing.py.
const find = (name) => element.querySelector(name);
const range = find('input'), now = find('.now');
const words = JSON.parse(find('.turning').dataset.words);
const WIDE = 300, HIGH = 150, LEFT = 38, FOOT = 22, AIR = 10;
let seen = null, sheet = null, place = null, asked = '';

const short = (v) => v === 0 ? '0' : v >= 100 ? v.toFixed(0) : (v >= 10 ? v.toFixed(1) : v.toPrecision(2)).replace(/\.0$/, '');

// Row 0 of the sheet holds the pictures, row 1 + i what became of them at place i: redraws to the left, fresh ones to the right.
function hang(name, row, column) {
  const canvas = find(`.${name} canvas`), wide = sheet.width / 2;
  if (canvas.width !== wide) { canvas.width = wide; canvas.height = seen.side; }
  canvas.getContext('2d').drawImage(sheet, column * wide, row * seen.side, wide, seen.side, 0, 0, wide, seen.side);
}
function paint() {
  hang('again', 1 + place, 0);
  hang('fresh', 1 + place, 1);
  const facts = { beta: short(seen.rows[place].beta), bits: seen.own[place].bits.toFixed(0), error: seen.own[place].error.toFixed(1) };
  facts.s = facts.bits === '1' ? '' : 's';
  now.textContent = fill(words.now, facts);
  range.setAttribute('aria-valuetext', fill(words.value, facts));
  element.querySelectorAll('.here').forEach((dot) => {
    const [x, y] = dot.points[place];
    dot.setAttribute('cx', x); dot.setAttribute('cy', y);
  });
  find('.turning').dataset.place = place;  // for tests: which place is on view
}
// One line through points [x, y], a level to hold it against, and a dot where the dial stands.
function chart(svg, points, level, levelled, foot) {
  const most = Math.max(level, ...points.map(([, y]) => y)) * 1.08, far = Math.max(...points.map(([x]) => x)) || 1;
  const X = (x) => LEFT + (WIDE - LEFT - AIR) * x / far, Y = (y) => HIGH - FOOT - (HIGH - FOOT - AIR) * y / most;
  const at = points.map(([x, y]) => [X(x).toFixed(1), Y(y).toFixed(1)]);
  svg.setAttribute('viewBox', `0 0 ${WIDE} ${HIGH}`);
  svg.setAttribute('aria-hidden', 'true');  // the numbers stand in the sentence
  svg.innerHTML = `<line class="rule" x1="${LEFT}" x2="${WIDE - AIR}" y1="${Y(0)}" y2="${Y(0)}"/>`
    + `<text class="tick" text-anchor="end" x="${LEFT - 11}" y="${Y(0) + 4}">0</text><text class="tick" text-anchor="end" x="${LEFT - 11}" y="${Y(most / 1.08) + 4}">${short(most / 1.08)}</text>`
    + `<text class="tick" text-anchor="end" x="${WIDE - AIR}" y="${HIGH - 5}"></text>`
    + `<line class="level" x1="${LEFT}" x2="${WIDE - AIR}" y1="${Y(level)}" y2="${Y(level)}"/><text class="level-name" text-anchor="end" x="${WIDE - AIR}" y="${Y(level) - 5}"></text>`
    + `<polyline points="${at.join(' ')}"/><circle class="here" r="5"/>`;
  svg.querySelector('.tick:nth-of-type(3)').textContent = fill(foot, { most: far.toFixed(0), s: far.toFixed(0) === '1' ? '' : 's' });
  svg.querySelector('.level-name').textContent = levelled;
  svg.querySelector('.here').points = at;
}
function show(image) {
  const last = seen.rows.length - 1;
  sheet = image;
  find('.turning').classList.remove('waiting');
  if (place === null) place = last;  // it begins where all redraws are alike, and turning it left sharpens them
  range.max = last; range.value = place;
  element.classList.toggle('colour', seen.channels === 3);
  chart(find('.cost svg'), seen.rows.map(({ bits, error }) => [bits, error]), seen.pca, words.pca, words.bits);
  chart(find('.far svg'), seen.rows.map(({ far }, i) => [i, far]), seen.floor, words.floor, words.place);
  hang('reads', 0, 0);
  open();  // with another collection the guess is gone
  paint();
}
const fetch = newest(async (wanted) => {
  seen = null;  // what hangs there is of another collection, or of other pictures
  now.textContent = words.wait;
  find('.turning').classList.add('waiting');
  const answer = await reply(server.turn, wanted, words.lost);
  if (answer.mishap) { now.textContent = answer.mishap; asked = ''; return; }
  const image = await decoded(answer.sheet);
  seen = answer;
  show(image);
});
function read() {
  const { name, turn } = props.value || {}, wanted = `${name} ${turn}`;
  if (name === undefined || wanted === asked || element.offsetParent === null) return;
  asked = wanted;
  fetch({ name, turn });
}
// How far fresh pictures are is what the room asks: it is drawn once there is a guess.
const room = element.closest('.room');
function open() { find('.far').classList.toggle('open', room.querySelector('fieldset.guess input:checked') !== null); }
room.addEventListener('change', open);
open();
range.addEventListener('input', () => { place = Number(range.value); if (seen) paint(); });
range.addEventListener('change', () => { if (place !== null) { props.value = { ...props.value, place }; trigger('input'); } });
new IntersectionObserver(read).observe(element);
watch('value', read);
