// The names of the classes on a map: each where its class is densest, none over another.

const NAMED = 30; // shown classes, up to which they have names on the map
const LONGEST = 24; // characters of a name there
const AROUND = [[1, -1], [1, 1], [-1, -1], [-1, 1], [0, -1.5], [0, 1.5], [1.5, 0], [-1.5, 0], [2, -2], [2, 2], [-2, -2], [-2, 2]];
const CELLS = 64; // along a side of the map, in which points are counted

// The densest place of each of some classes, in 0 ... 1 of the map's box: the mean of its points around the fullest cell.
function densest(map, classes) {
  const [rows, size] = [new Map(classes.map((k, row) => [k, row])), CELLS * CELLS];
  const counts = new Float32Array(classes.length * size);
  const cell = (i) => (map.xy[2 * i + 1] >> 10) * CELLS + (map.xy[2 * i] >> 10);
  for (let i = 0; i < map.n; i++) if (rows.has(map.label[i])) counts[rows.get(map.label[i]) * size + cell(i)]++;
  const best = classes.map((_, row) => {
    const smooth = blurred(blurred(counts.subarray(row * size, (row + 1) * size)));
    return smooth.indexOf(smooth.reduce((most, value) => Math.max(most, value)));
  });
  const sums = classes.map(() => [0, 0, 0]);
  for (let i = 0; i < map.n; i++) {
    const row = rows.get(map.label[i]);
    if (row === undefined) continue;
    const [dx, dy] = [(map.xy[2 * i] >> 10) - (best[row] % CELLS), (map.xy[2 * i + 1] >> 10) - Math.floor(best[row] / CELLS)];
    if (Math.abs(dx) > 2 || Math.abs(dy) > 2) continue;
    [map.xy[2 * i], map.xy[2 * i + 1], 1].forEach((value, k) => (sums[row][k] += value));
  }
  return sums.map(([x, y, n]) => [x / n / 65535, y / n / 65535]);
}

// Each cell as the sum of the nine around it.
function blurred(cells) {
  const found = new Float32Array(cells.length);
  for (let y = 0; y < CELLS; y++)
    for (let x = 0; x < CELLS; x++)
      for (let dy = Math.max(0, y - 1); dy <= Math.min(CELLS - 1, y + 1); dy++)
        for (let dx = Math.max(0, x - 1); dx <= Math.min(CELLS - 1, x + 1); dx++) found[y * CELLS + x] += cells[dy * CELLS + dx];
  return found;
}

function inShort(name) {
  return name.length > LONGEST ? `${name.slice(0, LONGEST - 9)}…${name.slice(-8)}` : name;
}

// Writes words with a halo, each at the first of the places offered that nothing was written at before; says if it did.
function writerOn(ink, { text, surface, font }, [width, height]) {
  const taken = [];
  return function write(words, pixels, places, colour = text) {
    ink.font = `600 ${pixels}px ${font}`;
    const [wide, high] = [ink.measureText(words).width / 2 + 2, pixels / 2 + 1];
    const free = places.find(([x, y]) =>
      x >= 0 && y >= 0 && x <= width && y <= height &&
      taken.every(([other_x, other_y, w, h]) => Math.abs(x - other_x) > wide + w || Math.abs(y - other_y) > high + h));
    if (!free) return false;
    const [x, y] = [Math.max(wide, Math.min(width - wide, free[0])), Math.max(high, Math.min(height - high, free[1]))];
    taken.push([x, y, wide, high]);
    Object.assign(ink, { textAlign: "center", textBaseline: "middle", lineJoin: "round", lineWidth: 4, strokeStyle: surface, fillStyle: colour });
    ink.strokeText(words, x, y);
    ink.fillText(words, x, y);
    return true;
  };
}
