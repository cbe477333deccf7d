// Picks points on the scatters of some examples, once for each id: a visitor chose them elsewhere on the page.
export default function ({ data }) {
  const { head, body } = unframed(data);
  const shared = ofPage();
  shared.picked ??= new Map();
  if (shared.picked.get(head.key) === head.id) return;
  shared.picked.set(head.key, head.id);
  const ids = new Uint32Array(body.buffer);
  const what = {
    ...(head.selects && { lassoed: new Set(ids) }),
    ...((!head.selects || ids.length === 1) && { clicked: ids[0] }),
  };
  shared.picks = { ...(shared.picks?.points === head.points ? shared.picks : {}), points: head.points, ...what };
  window.dispatchEvent(new CustomEvent("latentlab-scatter", { detail: { from: null, points: head.points, ...what } }));
}
