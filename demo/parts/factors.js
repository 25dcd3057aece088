// The page's half of the factors of a drawn picture; its value is described in factors.py.
const list = element.querySelector('ul'), sliders = () => [...list.querySelectorAll('input')];
let shown = '', turn = null, set = [];

function row(name) {
  const item = document.createElement('li'), label = document.createElement('label'), input = document.createElement('input');
  Object.assign(input, { type: 'range', min: 0, max: 1, step: 0.05 });
  label.append(name, input);
  item.append(label);
  return item;
}
function read() {
  const value = props.value;
  if (!value || value.turn === undefined || value.turn === turn) return;
  turn = value.turn;
  set = [...value.set];
  element.querySelector('details').hidden = !value.names.length;
  if (shown !== String(value.names)) list.replaceChildren(...value.names.map(row));
  shown = String(value.names);
  sliders().forEach((input, i) => { input.value = set[i]; });
}
list.addEventListener('input', ({ target }) => {
  set[sliders().indexOf(target)] = Number(target.value);  // the others stay what they are, between a slider's steps
  props.value = { set: [...set] };
  trigger('input');
});
watch('value', read);
read();
