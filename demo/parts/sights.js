// The page's half of what the server sees in a drawing; its value is described in sights.py.
const box = element.querySelector('.box'), trouble = element.querySelector('.trouble');
let facts = null;

function read() {
  if (!props.value || props.value.html === undefined) return;
  const { html, ...rest } = props.value;
  facts = rest; trouble.textContent = '';
  box.innerHTML = html;
}
const follow = newest(async ({ dots, asked }) => {
  if (asked !== facts) return;
  const answer = await answered(server.look, { ...asked, dots }, () => facts, trouble, trouble.dataset.lost);
  if (answer?.html) box.innerHTML = answer.html;
});
element.closest('.room').addEventListener('drawn', ({ detail }) => { if (facts) follow({ dots: detail, asked: facts }); });
watch('value', read);
read();
