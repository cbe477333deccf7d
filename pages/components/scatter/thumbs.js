// The examples themselves on the map, as many as don't lie over each other: more of them the closer one looks.

const THUMB = 30; // pixels along a side, at least; up to twice as many until the next come

// Which points: greedily, the first ones first, so that the same are there whatever part of the map is in view.
function apartOn(map, shown, side) {
  const [cells, found] = [new Map(), []];
  const cell = (value) => Math.floor(value / side);
  for (let i = 0; i < map.n; i++) {
    if (!shown(i)) continue;
    const [x, y] = [map.xy[2 * i], map.xy[2 * i + 1]];
    const [column, row] = [cell(x), cell(y)];
    let free = true;
    for (let r = row - 1; free && r <= row + 1; r++)
      for (let c = column - 1; free && c <= column + 1; c++) {
        const other = cells.get(r * 1e6 + c);
        free = other === undefined || Math.abs(map.xy[2 * other] - x) >= side || Math.abs(map.xy[2 * other + 1] - y) >= side;
      }
    if (!free) continue;
    cells.set(row * 1e6 + column, i);
    found.push(i);
  }
  return found;
}

function thumbsOn(ink) {
  let kept = { key: "", ids: [] };
  return {
    forget: () => (kept.key = ""),
    // Draws those in view; returns the ids of some that aren't there yet.
    draw(map, shown, { zoom }, pixel, [width, height]) {
      const step = 2 ** Math.floor(Math.log2(zoom));
      const side = (THUMB * zoom) / step; // on the screen: a side is the same part of the map until the next step
      if (kept.key !== String(step)) kept = { key: String(step), ids: apartOn(map, shown, (THUMB / step) * 65535) };
      const missing = [];
      for (const i of kept.ids) {
        const [x, y] = pixel(map.xy[2 * i] / 65535, map.xy[2 * i + 1] / 65535);
        if (x < -side || y < -side || x > width + side || y > height + side) continue;
        const sprite = spriteOf(map.points, i);
        if (!sprite) {
          missing.push(i);
          continue;
        }
        const [left, top, inner] = [x - side / 2 + 1, y - side / 2 + 1, side - 2];
        ink.imageSmoothingEnabled = inner < sprite.width;
        ink.drawImage(sprite.image, sprite.x, sprite.y, sprite.width, sprite.height, left, top, inner, (inner * sprite.height) / sprite.width);
        Object.assign(ink, { strokeStyle: map.colours[map.label[i] % map.colours.length], lineWidth: 2 });
        ink.strokeRect(left, top, inner, (inner * sprite.height) / sprite.width);
      }
      return missing;
    },
  };
}

// The picture of an example, or its numbers, in what the server sent; nothing where it hasn't.
function spriteOf(points, index) {
  const { sprites, more } = window.latentlab ?? {};
  const [sheet, own] = [sprites?.get(points), more?.get(points)?.get(index)];
  if (sheet && index < sheet.n) return spriteIn(sheet, index);
  return own && spriteIn(...own);
}

function spriteIn({ columns, width, height, image, drawn, numbers, names }, index) {
  const name = names?.[index] ?? "";
  if (drawn) return { name, drawn, numbers: numbers.subarray(index * drawn.size, (index + 1) * drawn.size) };
  return { name, image, width, height, x: (index % columns) * width, y: Math.floor(index / columns) * height };
}

// Requests the pictures of examples that aren't there, once each, and not for every move of the pointer.
const AT_A_TIME = 200;
const PAUSE = 60; // milliseconds
let requested = { points: "", ids: new Set(), timer: 0 };
function request(points, ids) {
  if (requested.points !== points) {
    clearTimeout(requested.timer);
    requested = { points, ids: new Set(), timer: 0 };
  }
  const fresh = ids.filter((i) => !requested.ids.has(i)).slice(0, AT_A_TIME);
  if (!fresh.length || requested.timer) return;
  requested.timer = setTimeout(() => {
    requested.timer = 0;
    for (const i of fresh) requested.ids.add(i);
    window.dispatchEvent(new CustomEvent("latentlab-wanted", { detail: { points, ids: fresh } }));
  }, PAUSE);
}
