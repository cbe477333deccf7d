// A plane that follows the pointer: a figure's traces, what is under the pointer, and what is clicked, dragged, painted.

export default function ({ data, parentElement, setTriggerValue }) {
  const host = parentElement.querySelector(".plane");
  host.plane ??= create(host);
  host.plane.update(data, (gesture) => setTriggerValue("gesture", gesture));
  return () => {
    host.plane?.stop();
    delete host.plane;
  };
}

// [length][header][float32: z of layers, x and y of all else, readings]: see pages/components/plane/__init__.py.
function unpack(bytes) {
  const { head, body } = unframed(bytes);
  let at = 0;
  const take = (n) => {
    const part = new Float32Array(body.buffer, at, n);
    at += part.byteLength;
    return part;
  };
  for (const trace of head.traces) {
    const n = trace.shape.reduce((a, b) => a * b, 1);
    if (trace.ends) trace.z = take(n);
    else Object.assign(trace, { x: take(n), y: take(n) });
  }
  head.readings = Object.entries(head.readings).map(([name, n]) => ({ name, n, values: take(n * n) }));
  return head;
}

// Round numbers in a range, about so many.
function ticksOf(low, high, about) {
  const raw = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw);
  const n = Math.floor(high / step) - Math.ceil(low / step) + 1;
  return Array.from({ length: n }, (_, k) => Number(((Math.ceil(low / step) + k) * step).toPrecision(6)));
}

const short = (value) => Number(value.toPrecision(3)).toString().replace("-", "−");

function create(host) {
  const $ = (name) => host.querySelector(`.${name}`);
  const [stage, picture, overlay, status] = ["stage", "picture", "overlay", "status"].map($);
  const EDGE = 8; // pixels about the plane where there are no numbers
  const USUAL = 600; // pixels of a plane whose markers have their full size
  const NEAR = 4; // pixels of a move that is still a click
  const APART = 10; // pixels between two painted points
  const SHARE = 0.02; // of the plane: a step of the arrow keys
  let [figure, tell, frame, view, hover, press, cursor, keys] = [null, null, 0, null, null, null, null, false];
  let [strokes, serial] = [[], 0]; // painted points that the server hasn't drawn yet, each stroke with its number
  const style = (name, otherwise) => getComputedStyle(host).getPropertyValue(name).trim() || otherwise;
  const later = () => (frame ||= requestAnimationFrame(draw));
  const pixel = (x, y) => [view.left + (x - figure.box[0]) * view.unit, view.top + (figure.box[3] - y) * view.unit];
  // To four digits of the plane's width, which is what an address says of a place.
  const tidy = (value) => {
    const unit = 10 ** (Math.floor(Math.log10(figure.box[1] - figure.box[0])) - 4);
    return Number((Math.round(value / unit) * unit).toPrecision(8));
  };
  const place = ([px, py]) => {
    const [x0, x1, y0, y1] = figure.box;
    const [x, y] = [x0 + (px - view.left) / view.unit, y1 - (py - view.top) / view.unit];
    return [tidy(Math.min(x1, Math.max(x0, x))), tidy(Math.min(y1, Math.max(y0, y)))];
  };
  const at = (event) => {
    const box = overlay.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  function fit() {
    const [w, h] = [stage.clientWidth, stage.clientHeight];
    if (!figure || !w || !h) return false;
    const dense = Math.min(2, window.devicePixelRatio || 1);
    const [width, height] = [Math.round(w * dense), Math.round(h * dense)];
    const [x0, x1, y0, y1] = figure.box;
    const [numbers, below] = [44 * typeScale(), 24 * typeScale()]; // where they stand
    const unit = Math.min((w - numbers - EDGE) / (x1 - x0), (h - below - EDGE) / (y1 - y0));
    const [left, top] = [numbers + (w - numbers - EDGE - unit * (x1 - x0)) / 2, EDGE + (h - below - EDGE - unit * (y1 - y0)) / 2];
    const fresh = !view || picture.width !== width || picture.height !== height || view.id !== figure.id;
    view = { unit, left, top, right: left + unit * (x1 - x0), bottom: top + unit * (y1 - y0), id: figure.id };
    for (const canvas of [picture, overlay]) {
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      canvas.getContext("2d").setTransform(dense, 0, 0, dense, 0, 0);
    }
    return fresh ? "fresh" : "same";
  }

  function draw() {
    frame = 0;
    const fitted = fit();
    if (!fitted) return;
    if (fitted === "fresh") still();
    moving();
  }

  // What a figure contains, and its axes.
  function still() {
    const ink = picture.getContext("2d");
    ink.clearRect(0, 0, stage.clientWidth, stage.clientHeight);
    ink.save();
    ink.beginPath();
    ink.rect(view.left, view.top, view.right - view.left, view.bottom - view.top);
    ink.clip();
    const share = Math.min(1, Math.max(0.6, (view.right - view.left) / USUAL));
    for (const trace of figure.traces) drawTrace(ink, trace, pixel, share);
    ink.restore();
    ink.strokeStyle = style("--st-border-color", "#ccc");
    ink.lineWidth = 1;
    ink.strokeRect(view.left + 0.5, view.top + 0.5, view.right - view.left - 1, view.bottom - view.top - 1);
    ink.fillStyle = style("--st-text-color", "#222");
    ink.font = `${12 * typeScale()}px ${style("--st-font", "sans-serif")}`;
    ink.globalAlpha = 0.75;
    ink.textAlign = "center";
    const about = Math.max(2, (view.right - view.left) / 110);
    for (const x of ticksOf(figure.box[0], figure.box[1], about)) ink.fillText(short(x), pixel(x, 0)[0], view.bottom + 16 * typeScale());
    ink.textAlign = "right";
    for (const y of ticksOf(figure.box[2], figure.box[3], about)) ink.fillText(short(y), view.left - 6, pixel(0, y)[1] + 4);
    ink.globalAlpha = 1;
  }

  // What follows the pointer.
  function moving() {
    const ink = overlay.getContext("2d");
    ink.clearRect(0, 0, stage.clientWidth, stage.clientHeight);
    const main = style("--st-primary-color", "#4c51bf");
    ink.fillStyle = ink.strokeStyle = main;
    for (const point of strokes.flatMap((stroke) => stroke.points)) {
      ink.beginPath();
      ink.arc(...pixel(...point), 4, 0, 7);
      ink.fill();
    }
    if (press?.moved && figure.drag === "box") {
      ink.setLineDash([5, 4]);
      ink.strokeRect(press.from[0], press.from[1], press.to[0] - press.from[0], press.to[1] - press.from[1]);
      ink.setLineDash([]);
    }
    if (keys && cursor) {
      const [px, py] = pixel(...cursor);
      ink.lineWidth = 2;
      ink.beginPath();
      for (const [dx, dy] of [[1, 0], [0, 1]]) {
        ink.moveTo(px - 10 * dx, py - 10 * dy);
        ink.lineTo(px + 10 * dx, py + 10 * dy);
      }
      ink.stroke();
      ink.lineWidth = 1;
    }
    read(keys ? cursor : hover && place(hover));
  }

  function read(where) {
    if (!where) return (status.textContent = "");
    const [x0, x1, y0, y1] = figure.box;
    const [u, v] = [(where[0] - x0) / (x1 - x0), (where[1] - y0) / (y1 - y0)];
    const found = figure.readings.map(({ name, n, values }) => [name, between(values, n, u, v)]);
    const said = found.filter(([, value]) => Number.isFinite(value)).map(([name, value]) => `${name} ${short(value)}`);
    status.textContent = [`(${where.map(short).join(", ")})`, ...said].join(" · ");
  }

  function under() {
    const layer = figure.traces.find((trace) => trace.z && trace.showscale !== false);
    $("scale").hidden = !layer;
    if (layer) {
      const ink = $("ramp").getContext("2d");
      ink.clearRect(0, 0, 256, 1);
      ink.globalAlpha = layer.opacity ?? 1;
      ink.drawImage(rampOf(layer), 0, 0);
      [$("low").textContent, $("high").textContent] = [layer.zmin, layer.zmax].map(short);
      $("what").textContent = layer.colorbar.title.text;
    }
    const named = figure.traces.filter((trace) => !trace.z && trace.name && trace.showlegend !== false);
    const entries = named.map((trace) => {
      const entry = Object.assign(document.createElement("span"), { className: "entry" });
      const glyph = Object.assign(document.createElement("canvas"), { width: 44, height: 28 });
      Object.assign(glyph.style, { width: "22px", height: "14px" });
      const ink = glyph.getContext("2d");
      ink.setTransform(2, 0, 0, 2, 0, 0);
      const ends = trace.mode.includes("lines") ? [2, 20] : [11];
      const larger = trace.marker && { ...trace.marker, size: Math.max(7, trace.marker.size ?? 6), opacity: 1 };
      drawTrace(ink, { ...trace, marker: larger, x: Float32Array.from(ends), y: new Float32Array(ends.length).fill(7) }, (x, y) => [x, y]);
      entry.append(glyph, trace.name);
      return entry;
    });
    $("legend").replaceChildren(...entries);
  }

  function paint(pixels) {
    const points = strokes.at(-1).points;
    const last = points.length ? pixel(...points.at(-1)) : null;
    if (!last || Math.hypot(pixels[0] - last[0], pixels[1] - last[1]) >= APART) points.push(place(pixels));
  }

  function begin() {
    serial = Math.max(serial, figure.painted) + 1;
    strokes.push({ serial, points: [] });
  }

  // What was painted is sent again until it is drawn: of two messages at once the server may see the later one only.
  function done(where) {
    cursor = where;
    tell(figure.drag === "points" ? { strokes } : { place: where });
  }

  overlay.onpointerdown = (event) => {
    if (!figure || !event.isPrimary || event.button !== 0) return;
    overlay.setPointerCapture(event.pointerId);
    const from = at(event);
    [keys, press] = [false, { from, to: from, moved: false }];
    if (figure.drag === "points") {
      begin();
      paint(from);
    }
    later();
  };
  overlay.onpointermove = (event) => {
    if (!figure || !view || !event.isPrimary) return;
    hover = at(event);
    keys = false;
    if (press) {
      press.to = hover;
      press.moved ||= Math.hypot(press.to[0] - press.from[0], press.to[1] - press.from[1]) > NEAR;
      if (figure.drag === "points") for (const part of event.getCoalescedEvents?.() ?? [event]) paint(at(part));
    }
    later();
  };
  overlay.onpointerup = () => {
    if (!press) return;
    const { from, to, moved } = press;
    press = null;
    if (moved && figure.drag === "box") {
      const [[x0, y1], [x1, y0]] = [place(from.map((v, k) => Math.min(v, to[k]))), place(from.map((v, k) => Math.max(v, to[k])))];
      const half = Math.max(x1 - x0, y1 - y0) / 2;
      const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
      tell({ box: [[x - half, y - half].map(tidy), [x + half, y + half].map(tidy)] });
    } else done(place(to));
    later();
  };
  overlay.onpointercancel = () => {
    if (press && figure.drag === "points") strokes.pop();
    press = null;
    later();
  };
  overlay.onpointerleave = () => {
    hover = null;
    later();
  };

  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  overlay.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in MOVES || event.key === " " || event.key === "Enter")) return;
    event.preventDefault();
    const [x0, x1, y0, y1] = figure.box;
    cursor ??= figure.start ?? [(x0 + x1) / 2, (y0 + y1) / 2];
    if (!keys) keys = true; // the first key shows where the cursor is
    else if (event.key in MOVES) {
      const [dx, dy] = MOVES[event.key].map((k) => k * SHARE * (event.shiftKey ? 5 : 1));
      cursor = place(pixel(cursor[0] + dx * (x1 - x0), cursor[1] + dy * (y1 - y0)));
    } else if (!event.repeat) {
      if (figure.drag === "points") {
        begin();
        strokes.at(-1).points.push(cursor);
      }
      done(cursor);
    }
    later();
  };
  overlay.onblur = () => {
    keys = false;
    later();
  };

  const resized = new ResizeObserver(later);
  resized.observe(stage);
  return {
    update(bytes, listener) {
      tell = listener;
      const next = unpack(bytes);
      if (next.id !== figure?.id) {
        figure = next;
        strokes = strokes.filter((stroke) => stroke.serial > figure.painted);
        const [x0, x1, y0, y1] = figure.box;
        stage.style.setProperty("--aspect", (x1 - x0) / (y1 - y0));
        overlay.setAttribute("aria-label", `${figure.alt}. Move with the arrow keys, and choose a place with the space bar.`);
        overlay.dataset.drag = figure.drag;
        host.dataset.box = figure.box;
        under();
      }
      later();
    },
    stop() {
      cancelAnimationFrame(frame);
      resized.disconnect();
    },
  };
}
