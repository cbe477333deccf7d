// A brush that hides pixels: a pixel is painted when its middle is no farther from the stroke than half the brush.
// The mask lives here; Python gets it, as text, when a stroke ends.

export default function ({ data, parentElement, setStateValue }) {
  const host = parentElement.querySelector(".brush");
  host.brush ??= create(host);
  host.brush.update(data, (mask) => setStateValue("mask", mask));
  return () => {
    host.brush?.stop();
    delete host.brush;
  };
}

// One bit a pixel, row by row, eight to a byte, the first the highest; base64 for addresses, without padding.
function unpack(text, n) {
  const bytes = bytesOf(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from({ length: n }, (_, i) => (bytes[i >> 3] >> (7 - (i & 7))) & 1);
}

function pack(mask) {
  const bytes = new Uint8Array(Math.ceil(mask.length / 8));
  mask.forEach((hidden, i) => (bytes[i >> 3] |= hidden << (7 - (i & 7))));
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function distance([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const share = dx || dy ? ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy) : 0;
  const along = Math.min(1, Math.max(0, share));
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
}

// Stripes light and dark, so that they are seen on black, on white and on any colour; the image shines through a little.
function stripes(ink, width) {
  const tile = document.createElement("canvas");
  const n = 4 * width;
  Object.assign(tile, { width: n, height: n });
  const paint = tile.getContext("2d");
  const image = paint.createImageData(n, n);
  for (let y = 0; y < n; y++)
    for (let x = 0; x < n; x++)
      image.data.set((x + y) % n < n / 2 ? [216, 219, 232, 225] : [84, 88, 160, 225], 4 * (y * n + x));
  paint.putImageData(image, 0, 0);
  return ink.createPattern(tile, "repeat");
}

function create(host) {
  const $ = (name) => host.querySelector(`.${name}`);
  const [sheet, status, sizes] = [$("sheet"), $("status"), [...host.querySelectorAll(".size")]];
  const LARGEST = 308; // CSS pixels of the longer side
  const PAUSE = 500; // ms without a key, after which a stroke of keys has ended
  const picture = document.createElement("canvas");
  let [height, width, mask, said, tell] = [0, 0, null, "", null];
  let [hides, size, cursor, keys] = [true, 1, [0, 0], false];
  let draws = false; // what is painted is ink on an empty sheet, not hidden
  let [stroke, hover, frame, timer] = [null, null, 0, 0];
  const diameters = () => {
    const side = Math.min(height, width);
    return [1, Math.max(2, Math.round(side / 9)), Math.max(3, Math.round(side / 5))];
  };
  const later = () => (frame ||= requestAnimationFrame(draw));

  function say() {
    clearTimeout(timer);
    const text = pack(mask);
    if (text !== said) tell((said = text));
  }

  function fill(from, to, value) {
    const radius = diameters()[size] / 2;
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++)
        if (distance([column + 0.5, row + 0.5], from, to) <= radius) mask[row * width + column] = value;
    const [column, row] = to.map(Math.floor); // a brush of one pixel takes the one that it is on
    if (column >= 0 && column < width && row >= 0 && row < height) mask[row * width + column] = value;
    later();
  }

  function draw() {
    frame = 0;
    if (!mask || !sheet.clientWidth) return;
    const dense = window.devicePixelRatio || 1;
    const cell = Math.max(1, Math.round((sheet.clientWidth * dense) / width));
    if (sheet.width !== width * cell || sheet.height !== height * cell)
      Object.assign(sheet, { width: width * cell, height: height * cell });
    const ink = sheet.getContext("2d");
    ink.imageSmoothingEnabled = false;
    ink.drawImage(picture, 0, 0, sheet.width, sheet.height);
    ink.fillStyle = draws ? "#fff" : stripes(ink, Math.max(2, Math.round(1.5 * dense)));
    let n = 0;
    mask.forEach((hidden, i) => {
      if (!hidden) return;
      n++;
      ink.fillRect((i % width) * cell, Math.floor(i / width) * cell, cell, cell);
    });
    const twice = (path) => {
      for (const [colour, wide] of [["#000", 3], ["#fff", 1.5]]) {
        ink.strokeStyle = colour;
        ink.lineWidth = wide * dense;
        ink.beginPath();
        path();
        ink.stroke();
      }
    };
    if (hover) twice(() => ink.arc(hover[0] * cell, hover[1] * cell, (diameters()[size] / 2) * cell, 0, 7));
    if (keys) twice(() => ink.rect(cursor[0] * cell, cursor[1] * cell, cell, cell));
    words(n);
  }

  function words(n) {
    const [column, row] = cursor;
    const [painted, other] = draws ? ["drawn", "empty"] : ["hidden", "seen"];
    const here = `; row ${row + 1}, column ${column + 1}: ${mask[row * width + column] ? painted : other}`;
    status.textContent = `${n} of ${mask.length} pixels ${painted}${keys ? here : ""}`;
    host.dataset.hidden = n;
    $("hide").setAttribute("aria-pressed", hides);
    $("show").setAttribute("aria-pressed", !hides);
    sizes.forEach((button, k) => button.setAttribute("aria-pressed", k === size));
  }

  const go = ([column, row]) => {
    cursor = [Math.min(width - 1, Math.max(0, column)), Math.min(height - 1, Math.max(0, row))];
  };
  const place = (event) => {
    const box = sheet.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height];
  };

  sheet.onpointerdown = (event) => {
    const erases = event.button === 5; // the other end of a pen
    if (!event.isPrimary || (event.button !== 0 && !erases)) return;
    sheet.setPointerCapture(event.pointerId);
    keys = false;
    stroke = { at: place(event), value: Number(hides && !erases) };
    fill(stroke.at, stroke.at, stroke.value);
  };
  sheet.onpointermove = (event) => {
    if (!event.isPrimary) return;
    const to = place(event);
    hover = event.pointerType === "touch" ? null : to;
    if (stroke) {
      fill(stroke.at, to, stroke.value);
      stroke.at = to;
    }
    later();
  };
  sheet.onlostpointercapture = () => {
    if (!stroke) return;
    go(stroke.at.map(Math.floor));
    stroke = null;
    say();
  };
  sheet.onpointerleave = () => {
    hover = null;
    later();
  };

  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  sheet.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!(event.key in MOVES) && event.key !== " ") return;
    event.preventDefault();
    if (!keys) keys = true; // the first key shows where the cursor is
    else if (event.key in MOVES) go([cursor[0] + MOVES[event.key][0], cursor[1] + MOVES[event.key][1]]);
    else if (!event.repeat) {
      const middle = cursor.map((k) => k + 0.5);
      fill(middle, middle, 1 - mask[cursor[1] * width + cursor[0]]);
      clearTimeout(timer);
      timer = setTimeout(say, PAUSE);
    }
    later();
  };
  sheet.onfocus = () => {
    keys = sheet.matches(":focus-visible");
    later();
  };
  sheet.onblur = () => {
    keys = false;
    if (mask) say();
    later();
  };

  const all = (change) => () => {
    mask = mask.map(change);
    say();
    later();
  };
  $("all").onclick = all(() => 1);
  $("none").onclick = all(() => 0);
  $("invert").onclick = all((hidden) => 1 - hidden);
  const tool = (value) => () => {
    hides = value;
    later();
  };
  $("hide").onclick = tool(true);
  $("show").onclick = tool(false);
  sizes.forEach((button, k) => {
    button.onclick = () => {
      size = k;
      later();
    };
  });

  const resized = new ResizeObserver(later);
  resized.observe(sheet);
  return {
    update(data, listener) {
      tell = listener;
      draws = data.draws;
      host.classList.toggle("draws", draws);
      $("none").textContent = draws ? "Clear" : "None";
      const [channels, rows, columns] = data.shape;
      if (rows !== height || columns !== width) {
        [height, width, said] = [rows, columns, data.mask];
        mask = unpack(data.mask, height * width);
        cursor = [Math.floor(width / 2), Math.floor(height / 2)];
        const longer = Math.max(height, width);
        Object.assign(sheet.style, { aspectRatio: `${width} / ${height}`, maxWidth: `${(LARGEST * width) / longer}px` });
        Object.assign(picture, { width, height });
      }
      const bytes = bytesOf(data.image);
      const image = new ImageData(width, height);
      for (let i = 0; i < width * height; i++) {
        for (let c = 0; c < 3; c++) image.data[4 * i + c] = bytes[(channels === 3 ? c * width * height : 0) + i];
        image.data[4 * i + 3] = 255;
      }
      picture.getContext("2d").putImageData(image, 0, 0);
      later();
    },
    stop() {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      resized.disconnect();
    },
  };
}
