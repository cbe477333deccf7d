// Draws an example by what Python says of it (latentlab/figures/examples.py): an image, bars of a vector, curves of a
// series. A lane of a column goes from the least to the greatest value of the data, their quantiles behind.

const LANE = { bars: 18, curves: 54 }; // pixels down, with words
const TILES = { image: 20, bars: 12, curves: 12 }; // along a side of a plane; multiples of its coarsest stride

const finite = (values) => values.every(Number.isFinite);

// Fills a rectangle of a canvas with an example, without words; false if something in it is not a number.
const scratch = document.createElement("canvas");
function tile(context, values, view, style, [x, y, width, height]) {
  if (!finite(values)) return false;
  if (view.kind === "image") {
    const [, high, wide] = view.shape;
    if (scratch.width !== wide || scratch.height !== high) Object.assign(scratch, { width: wide, height: high });
    const brush = scratch.getContext("2d");
    const pixels = brush.createImageData(wide, high);
    paint(pixels, values, view.shape);
    brush.putImageData(pixels, 0, 0);
    context.drawImage(scratch, x, y, width, height);
  } else {
    lanes(context, values, view, style, [x + 0.04 * width, y + 0.04 * height, 0.92 * width, 0.92 * height]);
  }
  return true;
}

function exampleOn(canvas) {
  const context = canvas.getContext("2d");
  const label = canvas.getAttribute("aria-label");
  return {
    show(values, view, without) {
      const whole = values !== null && finite(values);
      canvas.parentElement.dataset.state = values === null ? without : whole ? "" : "not a number here";
      if (!whole) return;
      if (view.kind === "image") {
        const [, height, width] = view.shape;
        if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
        const pixels = context.createImageData(width, height);
        paint(pixels, values, view.shape);
        context.putImageData(pixels, 0, 0);
        return;
      }
      const [width, height] = [canvas.clientWidth, LANE[view.kind] * view.columns.length];
      const dense = Math.min(2, window.devicePixelRatio || 1);
      canvas.style.height = `${height}px`;
      if (canvas.width !== Math.round(width * dense) || canvas.height !== height * dense)
        Object.assign(canvas, { width: Math.round(width * dense), height: height * dense });
      context.setTransform(dense, 0, 0, dense, 0, 0);
      context.clearRect(0, 0, width, height);
      const said = labelled(context, values, view, styleOf(canvas), width);
      canvas.setAttribute("aria-label", label ? `${label}: ${said}` : said);
    },
  };
}

// Intensities in [0, 1], channels first, as pixels.
function paint(target, image, [channels, height, width]) {
  const size = height * width;
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++)
      target.data[4 * i + c] = 255 * Math.min(1, Math.max(0, image[(channels === 3 ? c : 0) * size + i])) + 0.5;
    target.data[4 * i + 3] = 255;
  }
}

// Pixels of the small text on a canvas: it grows with the page's.
const textSize = () => 11 * typeScale();

// Packed examples as numbers: those of images in [0, 1].
const unpacked = (text, view) =>
  view.kind === "image" ? Float32Array.from(bytesOf(text), (byte) => byte / 255) : new Float32Array(bytesOf(text).buffer);

function styleOf(element) {
  const style = getComputedStyle(element);
  const own = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  return { text: own("--st-text-color", "#444"), accent: own("--st-primary-color", "#4c51bf"), font: style.fontFamily };
}

// Names on the left, lanes, numbers on the right; returns them as words.
function labelled(context, values, view, style, width) {
  const pitch = LANE[view.kind];
  context.font = `12px ${style.font}`;
  const numbers = view.columns.map((_, k) => number(values, view, k));
  const right = Math.max(...numbers.map((text) => context.measureText(text).width)) + 8;
  const left = Math.min(0.4 * width, Math.max(...view.names.map((name) => context.measureText(name).width)) + 8);
  lanes(context, values, view, style, [left, 0, width - left - right, pitch * numbers.length]);
  context.fillStyle = style.text;
  numbers.forEach((text, k) => {
    const y = (k + 0.5) * pitch + 4;
    context.textAlign = "left";
    context.fillText(shortened(context, view.names[k], 1.4 * (left - 6)), 0, y, left - 6); // a long one narrower
    context.textAlign = "right";
    context.fillText(text, width, y);
  });
  return numbers.map((text, k) => `${view.names[k]} ${text}`).join(", ");
}

function shortened(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let n = text.length;
  while (n > 1 && context.measureText(`${text.slice(0, n)}…`).width > room) n--;
  return `${text.slice(0, n)}…`;
}

// One column of an example: of a series its values over time.
function column(values, view, k) {
  if (view.kind === "bars") return [values[view.columns[k]]];
  return Array.from({ length: values.length / view.n }, (_, t) => values[t * view.n + view.columns[k]]);
}

// In the user's units: of a series the least and the greatest.
function number(values, view, k) {
  const own = column(values, view, k);
  const ends = own.length > 1 ? [Math.min(...own), Math.max(...own)] : own;
  return ends.map((value) => written(view.low[k] + view.span[k] * value, view.decimals[k])).join(" … ");
}

function written(value, decimals) {
  if (decimals > 6 || Math.abs(value) >= 1e9) return Number(value.toPrecision(4)).toString();
  const [whole, part] = value.toFixed(Math.max(0, decimals)).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return part ? `${grouped}.${part}` : grouped;
}

function lanes(context, values, view, style, [x, y, width, height]) {
  const pitch = height / view.columns.length;
  view.columns.forEach((_, k) => {
    const quantiles = view.quantiles[k];
    const [low, high] = [Math.min(...quantiles), Math.max(...quantiles)];
    const share = (value) => Math.min(1, Math.max(0, (value - low) / (high - low || 1)));
    const top = y + k * pitch;
    if (view.kind === "bars") bar(context, share(values[view.columns[k]]), quantiles.map(share), style, [x, top, width, pitch]);
    else curve(context, column(values, view, k).map(share), quantiles.map(share), style, [x, top, width, pitch]);
  });
}

const BANDS = [[1, 5, 0.1], [2, 4, 0.2]]; // from quantile to quantile, how dark

function bar(context, value, quantiles, { text, accent }, [x, y, width, height]) {
  context.fillStyle = text;
  for (const [from, to, dark] of BANDS) {
    context.globalAlpha = dark;
    context.fillRect(x + quantiles[from] * width, y + 0.1 * height, (quantiles[to] - quantiles[from]) * width, 0.8 * height);
  }
  context.globalAlpha = 0.6;
  context.fillRect(x + quantiles[3] * width - 0.5, y + 0.1 * height, 1, 0.8 * height);
  context.globalAlpha = 1;
  context.fillStyle = accent;
  context.fillRect(x, y + 0.3 * height, Math.max(1, value * width), 0.4 * height);
}

function curve(context, values, quantiles, { text, accent }, [x, y, width, height]) {
  const n = values.length;
  const line = (points) => points.forEach((value, t) => context.lineTo(x + (t / Math.max(1, n - 1)) * width, y + (0.95 - 0.9 * value) * height));
  const level = (q) => quantiles.slice(q * n, (q + 1) * n);
  context.fillStyle = context.strokeStyle = text;
  for (const [from, to, dark] of BANDS) {
    context.globalAlpha = dark;
    context.beginPath();
    line(level(from));
    level(to).reverse().forEach((value, t) => context.lineTo(x + (1 - t / Math.max(1, n - 1)) * width, y + (0.95 - 0.9 * value) * height));
    context.fill();
  }
  for (const [points, colour, alpha, wide] of [[level(3), text, 0.6, 1], [values, accent, 1, 1.5]]) {
    Object.assign(context, { globalAlpha: alpha, strokeStyle: colour, lineWidth: wide });
    context.beginPath();
    line(points);
    context.stroke();
  }
  context.globalAlpha = 1;
}
