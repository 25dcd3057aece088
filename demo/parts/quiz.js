// The page's half of "guess the next word"; what it asks and receives is described in quiz.py and demo/gpt/quiz.py.
const fold = element.querySelector('.quiz'), find = (name) => element.querySelector(name);
const four = find('.four'), verdict = find('.verdict'), trouble = find('.trouble'), words = JSON.parse(fold.dataset.words);
const STORE = 'atelier-next-words', NONE = { asked: 0, you: 0, model: 0, pairs: 0 };
let key = null, offered = [], busy = false;

const percent = (share) => (share < 0.001 ? '< 0.1' : (100 * share).toLocaleString('en', { maximumSignificantDigits: 2 })) + '\u00a0%';

async function put(fn, question) {
  if (busy) return null;
  busy = true;
  const answer = await answered(fn, question, () => null, trouble, words.lost);
  busy = false;
  return answer;
}
async function fresh() {
  const question = await put(server.ask, { old: key });
  if (!question) return;
  key = question.id; offered = question.words;
  find('.text').textContent = question.text + ' …';
  find('.source').textContent = question.source;
  verdict.textContent = '';
  four.replaceChildren(...offered.map((word, i) => {
    const button = document.createElement('button');
    button.type = 'button'; button.textContent = word;
    button.addEventListener('click', () => choose(i));
    return button;
  }));
}
async function choose(choice) {
  if (key === null) return;
  const told = await put(server.answer, { id: key, choice });
  if (!told) return;
  key = null;
  [...four.children].forEach((button, i) => {
    const [model, pairs] = told.chances[i], note = document.createElement('span');
    note.textContent = fill(words.chances, { model: percent(model), pairs: percent(pairs) });
    button.append(note);
    button.style.setProperty('--model', 100 * model + '%');
    button.setAttribute('aria-disabled', 'true');
    button.classList.toggle('true', i === told.truth);
    button.classList.toggle('mine', i === choice);
  });
  const said = fill(choice === told.truth ? words.right : words.wrong, { truth: offered[told.truth], choice: offered[choice] });
  verdict.textContent = said + ' ' + fill(words.rivals, { model: offered[told.model], pairs: offered[told.pairs] });
  const past = kept();
  keep({
    asked: past.asked + 1, you: past.you + (choice === told.truth), model: past.model + (told.model === told.truth),
    pairs: past.pairs + (told.pairs === told.truth),
  });
  find('.fresh').focus({ preventScroll: true });
}
function kept() {
  try { return { ...NONE, ...JSON.parse(localStorage.getItem(STORE) || '{}') }; } catch { return NONE; }
}
function keep(score) {
  try { localStorage.setItem(STORE, JSON.stringify(score)); } catch { /* a browser that keeps nothing */ }
  tally();
}
function tally() {
  const score = kept();
  find('.tally').textContent = score.asked ? fill(words.tally, { ...score, blind: (score.asked / 4).toLocaleString('en', { maximumFractionDigits: 1 }) }) : '';
}

find('.fresh').addEventListener('click', fresh);
fold.addEventListener('toggle', () => { if (fold.open && !offered.length) fresh(); });
tally();
