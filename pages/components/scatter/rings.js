// Marks points on the scatters of some examples: the neighbours of the one that is clicked, the nearest first.
export default function ({ data }) {
  const { head, body } = unframed(data);
  ofPage().rings = { points: head.points, of: head.of, ids: new Uint32Array(body.buffer) };
  window.dispatchEvent(new Event("latentlab-rings"));
}
