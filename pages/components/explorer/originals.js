// Keeps the examples that can be encoded, as Python sent them once, for the explorer to show beside what is decoded.
export default function ({ data }) {
  const values = unpacked(data.values, data.drawn);
  ofPage().originals = { key: data.key, count: data.count, values };
  window.dispatchEvent(new Event("latentlab-originals"));
}
