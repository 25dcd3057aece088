// The page's half of the latent mixer; what it receives and asks is described in mixer.py.
const find = (name) => element.querySelector(name);
const { first, ...words } = JSON.parse(find('.given').dataset.words);
const reads = find('.reads canvas'), again = find('.again canvas'), caption = find('.again figcaption'), way = find('.way');
const nine = [...element.querySelectorAll('.nine button')], trouble = find('.trouble');
const FAR = 3, NEAR = 8, STEP = 0.05;  // ends of a slider, half its thumb in CSS pixels, one key press
let seen = null, given = null, code = [], draws = [], sliders = [], moved = false, painted = '';

function draw(canvas, dots) {
  const bytes = atob(dots), side = seen.side, channels = bytes.length / (side * side), image = new ImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = bytes.charCodeAt(i * channels + (channels === 3 ? c : 0));
    image.data[4 * i + 3] = 255;
  }
  if (canvas.width !== side) canvas.width = canvas.height = side;
  canvas.getContext('2d').putImageData(image, 0, 0);
  canvas.dataset.n = 1 + Number(canvas.dataset.n || 0);  // for tests: how often it was painted
}

function paint(dots) {
  painted = dots;
  draw(again, dots);
}

async function ask(fn, question) {
  const asked = seen;
  let answer;
  try { answer = await fn({ name: asked.name, code, ...question }); } catch { answer = { mishap: words.lost }; }
  if (asked !== seen) return null;  // another drawing came in between
  trouble.textContent = answer.mishap || '';
  return answer.mishap ? null : answer;
}
const follow = newest(async () => {
  const answer = await ask(server.mix, {});
  if (answer && moved) paint(answer.dots);
});
const look = newest(async ({ dots, laid }) => {
  if (laid !== given) return;  // another picture was laid on the pad in between
  const answer = await ask(server.look, { dots });
  if (answer && answer.mean) show(answer);
});
async function shake() {
  const answer = await ask(server.shake, { spread: seen.spread, seed: Math.floor(Math.random() * 1e6) });
  if (answer) hang(answer);
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
  paint(one.dots);
  say();
}
function say() {
  caption.textContent = moved ? words.mixed : words.again;
  reads.setAttribute('aria-label', find('.reads figcaption').textContent);
  again.setAttribute('aria-label', caption.textContent);
  find('.reset').disabled = !moved;
}

function made(rank) {
  const item = document.createElement('li'), label = document.createElement('label'), range = document.createElement('input');
  const track = document.createElement('span'), out = document.createElement('output');
  label.textContent = rank + 1;
  track.className = 'track';
  track.innerHTML = '<span class="band"></span><span class="mean"></span>';
  Object.assign(range, { type: 'range', min: -FAR, max: FAR, step: STEP });
  label.append(track, range);
  item.append(label, out);
  const slider = { item, range, track, out, rank };
  range.addEventListener('input', () => {
    code[seen.order[rank]] = Number(range.value);
    moved = true;
    told(slider);
    say();
    follow();
  });
  return slider;
}
function put(slider) {
  slider.range.value = code[seen.order[slider.rank]];
  told(slider);
}
function told({ range, out, rank }) {
  const k = seen.order[rank], value = code[k].toFixed(1).replace('-0.0', '0.0').replace('-', '−');
  out.textContent = value;
  const facts = { i: rank + 1, value, mean: seen.mean[k].toFixed(1), spread: seen.spread[k].toFixed(2), bits: seen.bits[k].toFixed(1) };
  range.setAttribute('aria-label', words.slider.replace(/{(\w+)}/g, (_, name) => facts[name]));
  range.setAttribute('aria-valuetext', value);
}
function cloud({ track, rank }) {
  const k = seen.order[rank], place = (v) => 100 * Math.min(Math.max((v + FAR) / (2 * FAR), 0), 1) + '%';
  track.style.setProperty('--mean', place(seen.mean[k]));
  track.style.setProperty('--spread', (100 * seen.spread[k]) / (2 * FAR) + '%');
}
function build(n) {
  sliders = Array.from({ length: n }, (_, rank) => made(rank));
  find('.first').replaceChildren(...sliders.slice(0, first).map(({ item }) => item));
  find('.rest').replaceChildren(...sliders.slice(first).map(({ item }) => item));
  find('details').hidden = n <= first;
  find('summary').textContent = words.rest.replace('{n}', n - first);
  find('h4').textContent = words.head.replace('{n}', n);
}

function read() {
  if (!props.value || !props.value.mean || props.value === given) return;
  given = props.value;
  show(given);
}
function show(value) {
  seen = value; code = [...seen.mean]; moved = false; trouble.textContent = '';
  element.classList.toggle('colour', seen.channels === 3);
  if (sliders.length !== code.length) build(code.length);
  sliders.forEach((slider) => { cloud(slider); put(slider); });
  way.textContent = words.way.replace('{n}', code.length).replace('{bits}', seen.bits.reduce((a, b) => a + b, 0).toFixed(0));
  draw(reads, seen.reads);
  paint(seen.again);
  hang(seen);
  say();
}
find('.shake').addEventListener('click', () => { if (seen) shake(); });
find('.reset').addEventListener('click', () => { if (seen) take({ code: seen.mean, dots: seen.again }); });
nine.forEach((button, i) => button.addEventListener('click', () => { if (draws[i]) take(draws[i]); }));
element.closest('.room').addEventListener('drawn', ({ detail }) => { if (seen) look({ dots: detail, laid: given }); });
watch('value', read);
read();
