// Picks points on the scatters of some examples, once for each id: a visitor chose them elsewhere on the page.
export default function ({ data }) {
  const length = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + length)));
  const shared = (window.latentlab ??= { programs: new Map() });
  shared.picked ??= new Map();
  if (shared.picked.get(head.key) === head.id) return;
  shared.picked.set(head.key, head.id);
  const ids = new Uint32Array(data.slice(4 + length).buffer);
  const what = head.selects ? { lassoed: new Set(ids) } : { clicked: ids[0] };
  shared.picks = { ...(shared.picks?.points === head.points ? shared.picks : {}), points: head.points, ...what };
  window.dispatchEvent(new CustomEvent("latentlab-scatter", { detail: { from: null, points: head.points, ...what } }));
}
