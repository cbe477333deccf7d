// Keeps the pictures of examples that a scatter wanted and the server sent, and requests them from the server.
const MOST = 5_000; // examples that are kept

export default function ({ data, setStateValue, parentElement }) {
  const shared = ofPage();
  const { head: { points, ids, ...head }, body } = unframed(data);
  const kept = (shared.more ??= new Map());
  if (!kept.has(points)) {
    kept.clear();
    kept.set(points, new Map());
  }
  const keep = (what) => {
    const found = kept.get(points);
    ids.forEach((id, k) => found?.set(id, [{ ...head, ...what }, k]));
    while (found?.size > MOST) found.delete(found.keys().next().value);
    window.dispatchEvent(new Event("latentlab-sprites"));
  };
  if (ids.length && head.drawn) keep({ numbers: new Float32Array(body.buffer) });
  else if (ids.length && !head.columns) keep({});
  else if (ids.length) createImageBitmap(new Blob([body], { type: "image/png" })).then((image) => keep({ image }));
  const wanted = ({ detail }) => detail.points === points && setStateValue("wanted", detail);
  window.addEventListener("latentlab-wanted", wanted);
  return () => window.removeEventListener("latentlab-wanted", wanted);
}
