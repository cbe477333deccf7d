// Keeps one sheet of thumbnails, under its id, for every scatter on the page.
export default function ({ data }) {
  const shared = ((window.latentlab ??= { programs: new Map() }).sprites ??= new Map());
  const length = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + length)));
  if (shared.has(head.id)) return;
  createImageBitmap(new Blob([data.slice(4 + length)], { type: "image/png" })).then((image) => {
    shared.set(head.id, { ...head, image });
    while (shared.size > 4) shared.delete(shared.keys().next().value);
  });
}
