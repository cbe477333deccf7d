// What Python sends, unpacked: the other side of `framed` in pages/components/__init__.py, and base64.

// [length][JSON header][numbers] -> the header and the numbers' bytes, which begin where any type of number may.
function unframed(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return { head: JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))), body: bytes.slice(4 + length) };
}

// What the components of a page keep for each other.
const ofPage = () => (window.latentlab ??= { programs: new Map() });

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
