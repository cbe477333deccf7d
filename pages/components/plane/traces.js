// What a figure contains, drawn on a canvas: the part of Plotly's traces that a field needs.

const DASHES = { dot: [2, 3], dash: [6, 4] };

// Colours of a scale, as 256 pixels; Plotly's scales are stops, as a gradient's are.
function rampOf({ colorscale, reversescale }) {
  const canvas = Object.assign(document.createElement("canvas"), { width: 256, height: 1 });
  const ink = canvas.getContext("2d", { willReadFrequently: true });
  const gradient = ink.createLinearGradient(0, 0, 256, 0);
  for (const [at, colour] of colorscale) gradient.addColorStop(at, colour);
  ink.fillStyle = gradient;
  if (reversescale) ink.setTransform(-1, 0, 0, 1, 256, 0);
  ink.fillRect(0, 0, 256, 1);
  return canvas;
}

// A number between those of a lattice (n, n), row by row from the lowest; place in 0 ... 1.
function between(z, n, x, y) {
  const [u, v] = [x * (n - 1), y * (n - 1)];
  const [i, j] = [Math.min(n - 2, Math.floor(u)), Math.min(n - 2, Math.floor(v))];
  const [a, b, k] = [u - i, v - j, j * n + i];
  return (1 - b) * ((1 - a) * z[k] + a * z[k + 1]) + b * ((1 - a) * z[k + n] + a * z[k + n + 1]);
}

// A layer as an image of so many pixels a side: bands between contours, shades, or one colour for each place.
function imageOf(trace, side) {
  const { z, shape, zmin, zmax, contours } = trace;
  const [n] = shape;
  const colours = rampOf(trace).getContext("2d").getImageData(0, 0, 256, 1).data;
  const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const ink = canvas.getContext("2d");
  const image = ink.createImageData(side, side);
  const smooth = trace.type === "contour" || trace.zsmooth === "best";
  const bands = new Float32Array(side * side);
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      const [x, y] = [column / (side - 1), 1 - row / (side - 1)];
      let value = smooth ? between(z, n, x, y) : z[Math.round(y * (n - 1)) * n + Math.round(x * (n - 1))];
      const at = row * side + column;
      if (contours) {
        bands[at] = Math.floor(Math.min(value, zmax) / contours.size);
        value = (bands[at] + 0.5) * contours.size;
      }
      if (Number.isNaN(value)) continue;
      const shade = Math.round(255 * Math.min(1, Math.max(0, (value - zmin) / (zmax - zmin || 1))));
      const edge = contours && ((column && bands[at] !== bands[at - 1]) || (row && bands[at] !== bands[at - side]));
      for (let c = 0; c < 3; c++) image.data[4 * at + c] = colours[4 * shade + c] * (edge ? 0.7 : 1);
      image.data[4 * at + 3] = 255;
    }
  ink.putImageData(image, 0, 0);
  return canvas;
}

function drawLines(ink, { x, y, line, opacity }, pixel) {
  ink.globalAlpha = opacity ?? 1;
  ink.strokeStyle = line.color;
  ink.lineWidth = line.width ?? 2;
  ink.lineJoin = "round";
  ink.setLineDash(DASHES[line.dash] ?? []);
  ink.beginPath();
  let drawing = false;
  x.forEach((place, i) => {
    if (Number.isNaN(place) || Number.isNaN(y[i])) drawing = false;
    else if (drawing) ink.lineTo(...pixel(place, y[i]));
    else {
      ink.moveTo(...pixel(place, y[i]));
      drawing = true;
    }
  });
  ink.stroke();
  ink.setLineDash([]);
  ink.globalAlpha = 1;
}

// The outline of a symbol about a pixel, `r` its radius.
function outline(ink, symbol, px, py, r) {
  const through = (...points) => {
    points.forEach(([x, y], k) => (k ? ink.lineTo(px + r * x, py + r * y) : ink.moveTo(px + r * x, py + r * y)));
    ink.closePath();
  };
  const name = symbol.replace("-open", "");
  if (name === "square") ink.rect(px - 0.85 * r, py - 0.85 * r, 1.7 * r, 1.7 * r);
  else if (name === "diamond") through([0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]);
  else if (name === "star-diamond") through([0, -1.4], [0.4, -0.4], [1.4, 0], [0.4, 0.4], [0, 1.4], [-0.4, 0.4], [-1.4, 0], [-0.4, -0.4]);
  else if (name === "cross" || name === "x") {
    const [a, b] = [1.1, 0.4];
    const arms = [[-b, -a], [b, -a], [b, -b], [a, -b], [a, b], [b, b], [b, a], [-b, a], [-b, b], [-a, b], [-a, -b], [-b, -b]];
    const t = name === "x" ? Math.SQRT1_2 : 1;
    through(...(name === "x" ? arms.map(([x, y]) => [t * (x - y), t * (x + y)]) : arms));
  } else {
    ink.moveTo(px + r, py);
    ink.arc(px, py, r, 0, 7);
  }
}

function drawMarkers(ink, { x, y, marker, opacity }, pixel, share) {
  const symbol = marker.symbol ?? "circle";
  const edge = marker.line?.width ?? 0;
  ink.globalAlpha = (marker.opacity ?? 1) * (opacity ?? 1);
  ink.fillStyle = marker.color;
  ink.strokeStyle = marker.line?.color ?? marker.color;
  ink.lineWidth = edge;
  ink.beginPath();
  x.forEach((place, i) => {
    if (!Number.isNaN(place) && !Number.isNaN(y[i])) outline(ink, symbol, ...pixel(place, y[i]), (share * marker.size) / 2);
  });
  if (edge) ink.stroke();
  if (!symbol.endsWith("-open")) ink.fill();
  ink.globalAlpha = 1;
}

// One trace; a layer fills the pixels of its ends, and markers have a share of their size.
function drawTrace(ink, trace, pixel, share = 1) {
  if (trace.z) {
    const [[left, lower], [right, upper]] = [pixel(trace.ends[0], trace.ends[2]), pixel(trace.ends[1], trace.ends[3])];
    const side = Math.min(600, Math.max(64, Math.round(right - left)));
    if (trace.image?.width !== side) trace.image = imageOf(trace, side);
    ink.globalAlpha = trace.opacity ?? 1;
    ink.drawImage(trace.image, left, upper, right - left, lower - upper);
    ink.globalAlpha = 1;
    return;
  }
  const colour = trace.line?.color ?? trace.marker?.color;
  const full = { ...trace, line: { color: colour, ...trace.line }, marker: { size: 6, color: colour, ...trace.marker } };
  if (trace.mode.includes("lines")) drawLines(ink, full, pixel);
  if (trace.mode.includes("markers")) drawMarkers(ink, full, pixel, share);
}
