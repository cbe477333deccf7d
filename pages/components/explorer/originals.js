// Keeps the examples that can be encoded, as Python sent them once, for the explorer to show beside what is decoded.
export default function ({ data }) {
  const values = numbers(data.values, data.drawn);
  (window.latentlab ??= { programs: new Map() }).originals = { key: data.key, count: data.count, values };
  window.dispatchEvent(new Event("latentlab-originals"));
}

const numbers = (text, drawn) => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return drawn.kind === "image" ? Float32Array.from(bytes, (byte) => byte / 255) : new Float32Array(bytes.buffer);
};
