// The page's half of the factors of a drawn picture; its value is described in factors.py.
const list = element.querySelector('ul');
let shown = '', turn = null;

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
  element.querySelector('details').hidden = !value.names.length;
  if (shown !== String(value.names)) list.replaceChildren(...value.names.map(row));
  shown = String(value.names);
  list.querySelectorAll('input').forEach((input, i) => { input.value = value.set[i]; });
}
list.addEventListener('input', () => {
  props.value = { set: [...list.querySelectorAll('input')].map((input) => Number(input.value)) };
  trigger('input');
});
watch('value', read);
read();
