// The page's half of the drawing pad; its value is described in pad.py.
const paper = element.querySelector('canvas'), nib = element.querySelector('.nib'), heard = element.querySelector('.heard');
const ink = paper.getContext('2d', { willReadFrequently: true });
const words = JSON.parse(paper.dataset.words);
const PAUSE = 40, REST = 200, DEEP = 12;  // milliseconds between two tellings, and of rest before the event; strokes to undo
const FINE = { 1: 6, 3: 10 };  // canvas dots for one sent
const WIDTHS = { thin: 0.025, middle: 0.045, thick: 0.09 };  // of the paper's side
let side = 112, channels = 1, of = '', turn = null, paint = '#fff', width = WIDTHS.middle, rubbing = false;
const hint = element.querySelector('.hint');
let past = [], from = null, timer = 0, resting = 0, sent = 0, key = { x: 0.5, y: 0.5, down: false };

function lay(newSide, newChannels) {
  side = newSide; channels = newChannels;
  paper.width = paper.height = side * FINE[channels];
  element.classList.toggle('colour', channels === 3);
  element.querySelector('.paints').hidden = channels === 1;
  ink.lineCap = ink.lineJoin = 'round';
  choose('.paint', channels === 3 ? element.querySelector('.paint') : null);
  past = [];
  blank();
}
function blank() {
  ink.fillStyle = channels === 3 ? '#fffdf6' : '#000';
  ink.fillRect(0, 0, paper.width, paper.height);
}

// Each sent dot is the mean of the square of canvas dots that it stands for.
function dots() {
  const wide = paper.width, fine = FINE[channels], all = ink.getImageData(0, 0, wide, wide).data;
  const sums = new Uint32Array(side * side * channels);
  for (let y = 0, at = 0; y < wide; y++) {
    const row = Math.floor(y / fine) * side;
    for (let x = 0; x < wide; x++, at += 4) {
      const to = (row + Math.floor(x / fine)) * channels;
      for (let c = 0; c < channels; c++) sums[to + c] += all[at + c];
    }
  }
  let bytes = '';
  for (const sum of sums) bytes += String.fromCharCode(Math.round(sum / (fine * fine)));
  return btoa(bytes);
}
function show(text) {
  const small = document.createElement('canvas'), bytes = atob(text), image = new ImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = bytes.charCodeAt(i * channels + (channels === 3 ? c : 0));
    image.data[4 * i + 3] = 255;
  }
  small.width = small.height = side;
  small.getContext('2d').putImageData(image, 0, 0);
  ink.imageSmoothingEnabled = channels === 1;
  ink.imageSmoothingQuality = 'high';
  ink.drawImage(small, 0, 0, paper.width, paper.width);
}
// Gradio's own event walks through every component of the page several times: it waits until the pen is at rest.
function send(brought = false) {
  clearTimeout(timer); clearTimeout(resting); timer = 0; sent = performance.now();
  const drawn = dots();
  element.dispatchEvent(new CustomEvent('drawn', { bubbles: true, detail: drawn }));
  const value = brought ? { dots: drawn, of, brought } : { dots: drawn, of };
  if (!from) props.value = value;  // a button may be pressed before the event
  resting = setTimeout(() => { props.value = value; trigger('input'); }, REST);
}
function soon() {
  if (!timer) timer = setTimeout(() => send(), Math.max(0, PAUSE - (performance.now() - sent)));
}

function remember() {
  past.push(ink.getImageData(0, 0, paper.width, paper.height));
  if (past.length > DEEP) past.shift();
}
function undo() {
  if (past.length) { ink.putImageData(past.pop(), 0, 0); send(); }
}
function clear() { remember(); blank(); send(); }

// Points lie in 0..1; the line is rounded off by steering at each point from the middle before to the middle after it.
function line(to) {
  const at = (p) => [p.x * paper.width, p.y * paper.height];
  ink.strokeStyle = rubbing ? (channels === 3 ? '#fffdf6' : '#000') : paint;
  ink.lineWidth = width * paper.width * (rubbing ? 1.6 : 1);
  const middle = { x: (from.last.x + to.x) / 2, y: (from.last.y + to.y) / 2 };
  ink.beginPath();
  ink.moveTo(...at(from.middle));
  ink.quadraticCurveTo(...at(from.last), ...at(middle));
  ink.stroke();
  from = { last: to, middle };
}
function start(p) {
  sound(); remember();
  from = { last: p, middle: p };
  line({ x: p.x + 1e-4, y: p.y });  // a line of no length would not be drawn, and a click is a dot
  soon();
}
function place(event) {
  const box = paper.getBoundingClientRect();
  return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
}
paper.addEventListener('pointerdown', (event) => {
  press(false);
  if (from || event.button !== 0) return;
  event.preventDefault();
  paper.focus({ preventScroll: true });
  paper.setPointerCapture(event.pointerId);
  paper.dataset.pointer = event.pointerId;
  nib.hidden = true;
  start(place(event));
});
paper.addEventListener('pointermove', (event) => {
  if (!from || String(event.pointerId) !== paper.dataset.pointer) return;
  const moves = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
  for (const move of moves.length ? moves : [event]) line(place(move));
  soon();
});
for (const name of ['pointerup', 'pointercancel', 'lostpointercapture']) {
  paper.addEventListener(name, (event) => {
    if (!from || String(event.pointerId) !== paper.dataset.pointer) return;
    line(from.last);
    from = null; delete paper.dataset.pointer;
    send();
  });
}

// A picture of the visitor's own: their browser reads it and only its dots are sent, so no file reaches the server.
const LARGEST = 20e6;  // bytes
async function bring(file) {
  let picture;
  try {
    if (file.size > LARGEST) throw new Error('too large');
    picture = await createImageBitmap(file);  // upright, whatever the camera's position; of a film the first picture
  } catch { hint.textContent = words.no_picture; hint.classList.add('wrong'); return; }
  sound();
  press(false); remember();
  const wide = paper.width, { width: w, height: h } = picture;
  const scale = wide / (channels === 3 ? Math.min(w, h) : Math.max(w, h));  // a painting fills the pad, a drawing fits in
  ink.imageSmoothingEnabled = true; ink.imageSmoothingQuality = 'high';
  ink.clearRect(0, 0, wide, wide);
  ink.drawImage(picture, (wide - w * scale) / 2, (wide - h * scale) / 2, w * scale, h * scale);
  ink.globalCompositeOperation = 'destination-over';
  ink.fillStyle = isChalk(picture) ? '#000' : '#fff';
  ink.fillRect(0, 0, wide, wide);
  ink.globalCompositeOperation = 'source-over';
  if (channels === 1) inked();
  send(true);
}
// Whether a picture is light on nothing: what is transparent in it would hide it on white paper.
function isChalk(picture) {
  const small = new OffscreenCanvas(64, 64), brush = small.getContext('2d');
  brush.drawImage(picture, 0, 0, 64, 64);
  const all = brush.getImageData(0, 0, 64, 64).data;
  let inked = 0, light = 0;
  for (let i = 0; i < all.length; i += 4) { inked += all[i + 3]; light += all[i + 3] * (all[i] + all[i + 1] + all[i + 2]) / 765; }
  return inked < 0.9 * 255 * 64 * 64 && light > 0.7 * inked;
}
function sound() {
  if (hint.textContent !== words.hint) hint.textContent = words.hint;
  hint.classList.remove('wrong');
}
// What lies on the pad as ink on black: how far each dot is from the ground, which is what most of the edge shows.
function inked() {
  const wide = paper.width, image = ink.getImageData(0, 0, wide, wide), all = image.data, grey = new Float32Array(wide * wide), edge = [];
  for (let i = 0; i < grey.length; i++) grey[i] = 0.299 * all[4 * i] + 0.587 * all[4 * i + 1] + 0.114 * all[4 * i + 2];
  for (let i = 0; i < wide; i++) edge.push(grey[i], grey[grey.length - 1 - i], grey[i * wide], grey[i * wide + wide - 1]);
  const ground = edge.sort((a, b) => a - b)[edge.length / 2], most = grey.reduce((far, v) => Math.max(far, Math.abs(v - ground)), 1);
  grey.forEach((v, i) => { all.fill(255 * Math.abs(v - ground) / most, 4 * i, 4 * i + 3); });
  ink.putImageData(image, 0, 0);
}
const chosen = element.querySelector('input[type="file"]');
element.querySelector('.bring').addEventListener('click', () => chosen.click());
chosen.addEventListener('change', () => { if (chosen.files[0]) bring(chosen.files[0]); chosen.value = ''; });
const sheet = element.querySelector('.sheet');
sheet.addEventListener('dragover', (event) => event.preventDefault());
sheet.addEventListener('drop', (event) => {
  event.preventDefault();
  if (event.dataTransfer.files[0]) bring(event.dataTransfer.files[0]);
});
const paste = (event) => {
  if (!element.isConnected) { document.removeEventListener('paste', paste); return; }
  const file = event.clipboardData && event.clipboardData.files[0];
  if (!file || element.offsetParent === null || event.target.closest('input, textarea')) return;
  event.preventDefault();
  bring(file);
};
document.addEventListener('paste', paste);

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
paper.addEventListener('keydown', (event) => {
  const step = STEPS[event.key], within = (v) => Math.min(Math.max(v, 0), 1);
  if ((event.ctrlKey || event.metaKey) && event.key === 'z') undo();
  else if (step) {
    const far = (event.shiftKey ? 4 : 1) / 28;
    key.x = within(key.x + step[0] * far); key.y = within(key.y + step[1] * far);
    if (key.down) { line({ x: key.x, y: key.y }); soon(); }
  } else if (event.key === ' ') press(!key.down);
  else if (event.key === 'Escape') press(false);
  else if (event.key === 'Delete' || event.key === 'Backspace') { press(false); clear(); }
  else return;
  event.preventDefault();
  point();
});
function press(down) {
  if (down === key.down) return;
  key.down = down;
  if (down) start({ x: key.x, y: key.y });
  else { line(from.last); from = null; send(); }
  heard.textContent = down ? words.down : words.up;
}
function point() {
  nib.hidden = false;
  nib.style.left = 100 * key.x + '%'; nib.style.top = 100 * key.y + '%';
  nib.classList.toggle('down', key.down);
}
paper.addEventListener('focus', () => { if (paper.matches(':focus-visible')) point(); });
paper.addEventListener('blur', () => { press(false); nib.hidden = true; });
nib.hidden = true;

// Brushes and paints: one of each is chosen; arrow keys move among them.
function choose(kind, button) {
  for (const other of element.querySelectorAll(kind)) {
    other.setAttribute('aria-checked', String(other === button));
    other.tabIndex = other === button ? 0 : -1;
  }
  if (kind === '.paint') { paint = button ? button.dataset.paint : '#fff'; rub(false); }
}
function rub(on) {
  rubbing = on;
  element.querySelector('.rub').setAttribute('aria-pressed', String(on));
}
for (const kind of ['.brush', '.paint']) {
  const all = [...element.querySelectorAll(kind)];
  const pick = (button) => {
    choose(kind, button);
    if (kind === '.brush') width = WIDTHS[button.classList[1]];
  };
  all.forEach((button, i) => {
    button.addEventListener('click', () => pick(button));
    button.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = all[(i + step + all.length) % all.length];
      pick(next); next.focus();
    });
  });
}
element.querySelector('.rub').addEventListener('click', () => rub(!rubbing));
element.querySelector('.undo').addEventListener('click', undo);
element.querySelector('.clear').addEventListener('click', clear);

function read() {
  const value = props.value;
  if (!value || value.turn === undefined || value.turn === turn) return;
  ({ turn, of } = value);
  sound(); press(false);
  clearTimeout(timer); clearTimeout(resting); timer = 0;  // what was drawn is gone
  if (value.side === side && value.channels === channels) { remember(); blank(); }  // what was there can be had back
  else lay(value.side, value.channels);
  show(value.dots);
}
lay(side, channels);
choose('.brush', element.querySelector('.brush.middle'));
watch('value', read);
read();
