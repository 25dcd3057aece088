// The page's half of the outline of branches; its value is described in outline.py.
const outline = element.querySelector('.outline'), list = element.querySelector('ol');
const words = JSON.parse(outline.dataset.words), SVG = 'http://www.w3.org/2000/svg';
let saved = null;

const make = (tag, kind, text) => {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = text;
  return made;
};

// A bar from where the branch begins to where it ends, with a mark for each piece that was not the favourite.
function bar({ at, left }, most) {
  const svg = document.createElementNS(SVG, 'svg'), whole = document.createElementNS(SVG, 'rect'), marks = document.createElementNS(SVG, 'path');
  svg.setAttribute('viewBox', `0 0 ${most} 10`); svg.setAttribute('preserveAspectRatio', 'none'); svg.setAttribute('aria-hidden', 'true');
  for (const [name, value] of Object.entries({ x: at, y: 0, width: Math.max(left.length, most / 200), height: 10 })) whole.setAttribute(name, value);
  marks.setAttribute('d', [...left].map((mark, i) => (mark === '1' ? `M${at + i + 0.5} 0V10` : '')).join(''));
  svg.append(whole, marks);
  return svg;
}

function row(branch, shown, most) {
  const item = make('li', branch.k === shown ? 'shown' : ''), button = make('button', 'branch'), star = make('button', 'star', branch.star ? '★' : '☆');
  item.style.setProperty('--depth', Math.min(branch.depth, 6));
  button.type = star.type = 'button';
  button.dataset.k = branch.k;
  if (branch.k === shown) button.setAttribute('aria-current', 'true');
  button.append(make('span', 'title', branch.title), make('span', 'cost', branch.cost), bar(branch, most));
  button.addEventListener('click', () => trigger('select', { k: branch.k }));
  star.setAttribute('aria-pressed', String(branch.star));
  star.setAttribute('aria-label', `${words.star}: ${branch.title}`);
  star.dataset.star = branch.k;
  star.addEventListener('click', () => trigger('select', { k: branch.k, star: !branch.star }));
  item.append(button, star);
  return item;
}

function save({ key, name, text }) {
  saved = key;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function read() {
  const { rows = [], shown, file } = props.value || {};
  const held = list.contains(document.activeElement) && { ...document.activeElement.dataset };
  const most = Math.max(10, ...rows.map(({ at, left }) => at + left.length));
  list.replaceChildren(...rows.map((branch) => row(branch, shown, most)));
  outline.hidden = !rows.length;
  const now = list.querySelector('.shown');  // a new branch may lie beyond the box, which alone is scrolled
  if (now) {
    const from = now.offsetTop - list.offsetTop;
    list.scrollTop = Math.min(from, Math.max(list.scrollTop, from + now.offsetHeight - list.clientHeight));
  }
  if (held) list.querySelector(held.k !== undefined ? `[data-k="${held.k}"]` : `[data-star="${held.star}"]`)?.focus();
  if (file && file.key !== saved) save(file);
}

list.addEventListener('keydown', (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], all = [...list.querySelectorAll('.branch')];
  const at = all.indexOf(event.target);
  if (!step || at < 0 || !all[at + step]) return;
  event.preventDefault();
  all[at + step].focus();
});
for (const button of element.querySelectorAll('[data-save]')) {
  button.addEventListener('click', () => trigger('select', { save: button.dataset.save }));
}
watch('value', read);
read();
