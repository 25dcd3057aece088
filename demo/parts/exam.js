// The page's half of the exam; what it asks and receives is described in exam.py and demo/gan/exam.py.
const sheet = element.querySelector('.sheet'), find = (name) => element.querySelector(name);
const list = find('ol'), hand = find('.hand'), marked = find('.marked'), trouble = find('.trouble'), twin = find('.twin'), about = find('.about');
const { setup: first, ...words } = JSON.parse(sheet.dataset.words);
const STORE = 'atelier-exams';
let setup = first, key = null, items = [], marks = [], answers = null, asked = 0;

async function ask(fn, question) {
  asked += 1;
  return answered(fn, { ...setup, ...question }, () => asked, trouble, words.lost);
}
async function fresh() {
  const mine = asked + 1, late = setTimeout(() => { if (mine === asked) marked.textContent = words.setting; }, 300);
  hand.disabled = true;  // the server lets go of the exam on view as soon as the next one stands
  const answer = await ask(server.sit, { old: key });
  clearTimeout(late);
  if (mine === asked) hand.disabled = false;
  if (!answer) { if (trouble.textContent) say(); return; }
  about.textContent = answer.about; about.hidden = !answer.about;
  key = answer.id; answers = null; marks = answer.pictures.map(() => false);
  twin.hidden = true;
  if (props.value && props.value.result) { props.value = { result: '' }; trigger('input'); }
  items = answer.pictures.map(({ src, subject }, i) => {
    const item = document.createElement('li'), button = document.createElement('button'), picture = document.createElement('img');
    const title = document.createElement('p'), truth = document.createElement('p');
    button.type = 'button'; picture.className = 'dots'; picture.src = src;
    picture.alt = fill(words.picture, { i: i + 1, subject });
    title.className = 'title'; title.textContent = subject; truth.className = 'truth';
    button.append(picture);
    button.addEventListener('click', () => (answers ? look(i) : mark(i)));
    button.addEventListener('keydown', (event) => move(event, i));
    item.append(button, title, truth);
    return item;
  });
  list.replaceChildren(...items);
  items.forEach((_, i) => press(i, false));
  hand.hidden = false;
  say();
}
const button = (i) => items[i].querySelector('button');
function press(i, on) {
  marks[i] = on;
  button(i).setAttribute('aria-pressed', String(on));
  button(i).setAttribute('aria-label', items[i].querySelector('img').alt + ' ' + words.mark);
}
function mark(i) { press(i, !marks[i]); say(); }
function say() {
  marked.textContent = answers ? words.heard : items.length ? fill(words.marked, { n: marks.filter(Boolean).length, of: marks.length }) : '';
}
function move(event, i) {
  const wide = getComputedStyle(list).gridTemplateColumns.split(' ').length;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -wide, ArrowDown: wide }[event.key];
  if (!step || !items[i + step]) return;
  event.preventDefault();
  button(i + step).focus();
}
async function handIn() {
  hand.disabled = true;
  const answer = await ask(server.hand, { id: key, marks });
  hand.disabled = false;
  if (!answer) return;
  answers = answer.pictures;
  if (document.activeElement === hand || document.activeElement === document.body) find('.fresh').focus({ preventScroll: true });
  hand.hidden = true;
  say();
  answers.forEach((told, i) => {
    const who = told.forged ? [told.you, told.critic] : [!told.you, !told.critic];  // who was right
    const right = who[0] && who[1] ? words.both : who[0] ? words.you : who[1] ? words.critic : words.nobody;
    const truth = told.forged ? words.forged : words.real;
    items[i].classList.add(told.forged ? 'forged' : 'real');
    const kind = document.createElement('b');
    kind.textContent = truth;
    items[i].querySelector('.truth').replaceChildren(kind, document.createElement('br'), right);
    button(i).removeAttribute('aria-pressed');
    button(i).setAttribute('aria-label', items[i].querySelector('img').alt + ' ' + truth + '. ' + right + '.');
    items[i].classList.toggle('marked', told.you);
  });
  keep(answer);
  props.value = { result: answer.result };
  trigger('input');
  setTimeout(() => document.querySelector('#gan-play-result').scrollIntoView({ block: 'nearest', behavior: 'smooth' }), 300);
}
function look(i) {
  const mine = items[i].querySelector('img');
  twin.hidden = false;
  find('.mine').src = mine.src; find('.mine').alt = mine.alt;
  twin.querySelector('figcaption').textContent = mine.alt;
  find('.theirs').src = answers[i].twin; find('.theirs').alt = words.twin;
  twin.querySelector('p').textContent = answers[i].near;
  items.forEach((item, k) => item.classList.toggle('looked', k === i));
  twin.scrollIntoView({ block: 'nearest', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
}

// Tally and streak, in this browser only.
function kept() {
  try { return { sat: 0, right: 0, critic: 0, streak: 0, ...JSON.parse(localStorage.getItem(STORE) || '{}') }; }
  catch { return { sat: 0, right: 0, critic: 0, streak: 0 }; }
}
function keep({ right, critic }) {
  const past = kept();
  const now = { sat: past.sat + 1, right: past.right + right, critic: past.critic + critic, streak: right >= critic ? past.streak + 1 : 0 };
  try { localStorage.setItem(STORE, JSON.stringify(now)); } catch { /* a browser that keeps nothing */ }
  tell();
}
function tell() {
  const past = kept();
  find('.tally').textContent = past.sat ? fill(words.tally, { ...past, of: 20 * past.sat }) : '';
}

hand.addEventListener('click', handIn);
find('.fresh').addEventListener('click', fresh);
sheet.addEventListener('setup', ({ detail: { anew, ...now } }) => {
  const other = anew || now.collection !== setup.collection || now.age !== setup.age;
  setup = now;
  if (other && now.age !== null) fresh();
});
new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting) && !asked) fresh(); }, { rootMargin: '20000px' }).observe(sheet);
tell();
