// Directions that the visitor has kept, in this browser only, by collection: sound ones for a code of so many numbers.
const STORE = 'atelier-directions', LONGEST = 24;
function store() {
  try { const all = JSON.parse(localStorage.getItem(STORE) || '{}'); return all && typeof all === 'object' ? all : {}; } catch { return {}; }
}
function kept(name, length) {
  const mine = store()[name];
  const sound = (one) => one && typeof one.name === 'string' && Array.isArray(one.direction) && one.direction.length === length && one.direction.every(Number.isFinite);
  return (Array.isArray(mine) ? mine : []).filter(sound).map((one) => ({ name: one.name.slice(0, LONGEST), direction: one.direction }));
}
