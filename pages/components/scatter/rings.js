// Marks points on the scatters of some examples: the neighbours of the one that is clicked, the nearest first.
export default function ({ data }) {
  const length = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + length)));
  const rings = { points: head.points, of: head.of, ids: new Uint32Array(data.slice(4 + length).buffer) };
  (window.latentlab ??= { programs: new Map() }).rings = rings;
  window.dispatchEvent(new CustomEvent("latentlab-rings", { detail: rings }));
}
