// One question is under way at a time; of those that come meanwhile, only the newest is asked next.
function newest(ask) {
  let waiting = null, flying = false;
  return async (question) => {
    waiting = { question };
    if (flying) return;
    flying = true;
    while (waiting) {
      const next = waiting.question;
      waiting = null;
      await ask(next);
    }
    flying = false;
  };
}
// An answer of the server, or { mishap }. Where it cannot be reached, Gradio's client fails, or answers nothing at all.
async function reply(fn, question, lost) {
  try { return (await fn(question)) ?? { mishap: lost }; } catch { return { mishap: lost }; }
}
// The same, but null for a mishap, which is said, and where something else is on view() by now.
async function answered(fn, question, view, trouble, lost) {
  const before = view(), answer = await reply(fn, question, lost);
  if (before !== view()) return null;
  trouble.textContent = answer.mishap || '';
  return answer.mishap ? null : answer;
}
async function decoded(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  return image;
}
// Dots of the server, row by row and colour by colour, on a canvas of as many.
function inked(canvas, packed, side) {
  const bytes = atob(packed), channels = bytes.length / (side * side), image = new ImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = bytes.charCodeAt(i * channels + (channels === 3 ? c : 0));
    image.data[4 * i + 3] = 255;
  }
  if (canvas.width !== side) canvas.width = canvas.height = side;
  canvas.getContext('2d').putImageData(image, 0, 0);
}
const fill = (text, facts) => text.replace(/{(\w+)}/g, (_, name) => facts[name]);
