// A canvas: the plane of two dimensions with its points, tiles, pins and the place itself.

const MARGIN = 26; // room for the numbers at the axes
const MOST_ZOOM = 64;
const SLICE = 7; // ms of decoding tiles in one frame

function planeOn(canvas) {
  const context = canvas.getContext("2d");
  const host = canvas.closest(".explorer");
  const back = document.createElement("canvas"); // points or tiles, drawn once for a view
  const veil = Object.assign(document.createElement("canvas"), { width: CELLS, height: CELLS }); // the shade over it
  let [size, limit, zoom, view, todo, idle] = [0, 3, 1, "", [], 0]; // limit: half the side of what is shown
  let middle = [0, 0]; // of what is shown

  const scale = () => (size - MARGIN) / (2 * limit);
  const across = (x) => MARGIN + (x - middle[0] + limit) * scale();
  const up = (y) => (limit - y + middle[1]) * scale();
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) * (size / box.width), (event.clientY - box.top) * (size / box.height)];
    const from = [(x - MARGIN) / scale() - limit, limit - y / scale()];
    return from.map((v, k) => middle[k] + Math.min(limit, Math.max(-limit, v)));
  };
  const isShaded = ({ data }) => data.reality && host.querySelector(".shade").checked;
  // The place in the middle of a cell, of n along a side of what is shown.
  const middleOf = (row, column, n) =>
    [((column + 0.5) / n) * 2 - 1, 1 - ((row + 0.5) / n) * 2].map((share, k) => middle[k] + share * limit);
  const colour = (name, fallback) => getComputedStyle(host).getPropertyValue(name).trim() || fallback;

  function fit() {
    const wide = Math.round(canvas.clientWidth);
    if (!wide) return false;
    const dense = Math.min(2, window.devicePixelRatio || 1);
    if (wide !== size || canvas.width !== wide * dense) {
      size = wide;
      for (const each of [canvas, back]) Object.assign(each, { width: wide * dense, height: wide * dense });
      for (const each of [context, back.getContext("2d")]) each.setTransform(dense, 0, 0, dense, 0, 0);
      view = "";
    }
    return true;
  }

  // The background depends on the axes, and its tiles on all that the axes leave out.
  function background(state, decode, live) {
    const tiles = live && host.querySelector(".tiles").checked;
    const shaded = isShaded(state);
    const directions = state.axes.map((index) => state.data.directions[index].vector);
    const held = tiles || shaded ? lifted(state.z, directions, [0, 0]).map((value) => value.toFixed(4)) : [];
    const now = JSON.stringify([[...state.only], tiles, shaded, limit, middle, state.axes, held, state.data.nonce, state.data.program, colour("--st-text-color", "")]);
    if (now === view) return;
    view = now;
    const paper = back.getContext("2d");
    paper.clearRect(0, 0, size, size);
    paper.fillStyle = tiles && state.data.drawn.kind === "image" ? "#000" : colour("--st-secondary-background-color", "#f4f5f9");
    paper.fillRect(MARGIN, 0, size - MARGIN, size - MARGIN);
    todo = tiles ? coarseToFine(TILES[state.data.drawn.kind]) : [];
    if (shaded) {
      shade(state, directions);
      paper.drawImage(veil, MARGIN, 0, size - MARGIN, size - MARGIN);
    }
    if (tiles) step(state, directions, decode);
    else points(paper, state, directions);
    axes(paper);
  }

  // Darker with the distance to the examples.
  function shade({ z, data: { reality } }, directions) {
    const ink = veil.getContext("2d");
    ink.clearRect(0, 0, CELLS, CELLS);
    ink.fillStyle = colour("--st-text-color", "#444");
    for (let row = 0; row < CELLS; row++)
      for (let column = 0; column < CELLS; column++) {
        const beyond = (reality.distance(lifted(z, directions, middleOf(row, column, CELLS))) - reality.usual) / (reality.far - reality.usual || 1);
        ink.globalAlpha = Math.min(0.5, Math.max(0, 0.22 * beyond));
        ink.fillRect(column, row, 1, 1);
      }
  }

  function points(paper, { data, z, only }, directions) {
    const { codes, labels } = data.points;
    const n = z.length;
    paper.save();
    paper.beginPath();
    paper.rect(MARGIN, 0, size - MARGIN, size - MARGIN);
    paper.clip();
    paper.font = `600 ${textSize()}px sans-serif`;
    paper.textAlign = "center";
    for (let i = 0; i < labels.length; i++) {
      paper.fillStyle = data.colours[labels[i] % data.colours.length] ?? colour("--st-text-color", "#888");
      paper.globalAlpha = !only.size ? 0.55 : only.has(labels[i]) ? 0.9 : 0.12;
      const [x, y] = coordinates(codes.subarray(i * n, (i + 1) * n), directions);
      paper.fillText(data.marks[labels[i]] ?? "•", across(x), up(y) + 4);
    }
    paper.restore();
  }

  function axes(paper) {
    paper.fillStyle = colour("--st-text-color", "#555");
    paper.globalAlpha = 0.6;
    paper.font = `${textSize()}px sans-serif`;
    const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].find((each) => limit / each <= 5) ?? limit / 4;
    const ticks = (center) => {
      const [first, last] = [Math.ceil((center - limit) / step - 1e-9), Math.floor((center + limit) / step + 1e-9)];
      return Array.from({ length: last - first + 1 }, (_, k) => (first + k) * step);
    };
    const text = (value) => String(Number(value.toPrecision(6)));
    for (const value of ticks(middle[0])) {
      const [left, right] = [value - middle[0] < -0.95 * limit, value - middle[0] > 0.95 * limit];
      paper.textAlign = left ? "left" : right ? "right" : "center";
      paper.fillText(text(value), across(value), size - 8);
    }
    paper.textAlign = "right";
    for (const value of ticks(middle[1]))
      paper.fillText(text(value), MARGIN - 6, Math.min(size - MARGIN - 2, Math.max(10, up(value) + 4)));
    paper.globalAlpha = 1;
  }

  function coarseToFine(n) {
    const order = [];
    for (const stride of [4, 2, 1])
      for (let row = 0; row < n; row += stride)
        for (let column = 0; column < n; column += stride) order.push([row, column, stride]);
    return order;
  }

  function step(state, directions, decode) {
    cancelAnimationFrame(idle);
    if (!todo.length) return;
    const paper = back.getContext("2d");
    const { drawn } = state.data;
    const n = TILES[drawn.kind];
    const side = (size - MARGIN) / n;
    const style = styleOf(host);
    const until = performance.now() + SLICE;
    while (todo.length && performance.now() < until) {
      const [row, column, stride] = todo.shift();
      const z = lifted(state.z, directions, middleOf(row, column, n));
      const box = [MARGIN + column * side, row * side, side * stride, side * stride];
      if (drawn.kind !== "image") {
        paper.fillStyle = colour("--st-background-color", "#fff");
        paper.fillRect(...box);
      }
      tile(paper, decode(z), drawn, style, box);
      if (isShaded(state)) {
        const [x, y, width, height] = box.map((v, k) => ((k ? v : v - MARGIN) * CELLS) / (size - MARGIN));
        paper.drawImage(veil, x, y, width, height, ...box);
      }
    }
    copy();
    overlay(state);
    idle = requestAnimationFrame(() => step(state, directions, decode));
  }

  function copy() {
    context.clearRect(0, 0, size, size);
    context.drawImage(back, 0, 0, size, size);
  }

  function ring(x, y, radius, text) {
    for (const [width, stroke] of [[5, colour("--st-background-color", "#fff")], [2.5, colour("--mark", "#000")]]) {
      context.beginPath();
      context.arc(x, y, radius, 0, 7);
      context.lineWidth = width;
      context.strokeStyle = stroke;
      context.stroke();
    }
    if (!text) return;
    context.font = `bold ${textSize()}px sans-serif`;
    context.textAlign = "center";
    context.lineWidth = 3;
    context.strokeText(text, x, y + 4);
    context.fillStyle = "#fff";
    context.fillText(text, x, y + 4);
  }

  function overlay({ data, pins, z, axes, hover }) {
    const spot = (code) => coordinates(code, axes.map((index) => data.directions[index].vector));
    const mark = (code, radius, text) => {
      const [x, y] = spot(code);
      ring(across(x), up(y), radius, text);
    };
    pins.forEach((pin, index) => mark(pin, 8, String(index + 1)));
    mark(z, 9);
    if (hover) mark(hover, 4);
  }

  // What the axes show at first: most codes, and no less than ±3; as half_width() in latentlab/analysis/latent/traversal.py.
  function reachOf({ data, z, axes }) {
    const [directions, { codes, labels }, n] = [axes.map((index) => data.directions[index].vector), data.points, z.length];
    const places = Array.from(labels, (_, i) => coordinates(codes.subarray(i * n, (i + 1) * n), directions));
    const far = Float32Array.from(places, ([x, y]) => Math.max(Math.abs(x), Math.abs(y))).sort();
    return { places, half: far.length ? Math.max(3, Math.ceil(far[Math.floor(0.99 * (far.length - 1))] - 1e-6)) : 3 };
  }

  let [reach, reachFor] = [null, ""];
  function look(state) {
    const now = JSON.stringify([state.axes, state.data.nonce]);
    if (now !== reachFor) [reach, reachFor, zoom, middle] = [reachOf(state), now, 1, [0, 0]];
    limit = reach.half * zoom;
    host.querySelector(".whole").disabled = zoom === 1 && middle.every((value) => value === 0);
    const outside = reach.places.filter((place) => place.some((v, k) => Math.abs(v - middle[k]) > limit)).length;
    const all = reach.places.length.toLocaleString("en");
    const text = outside ? `${outside.toLocaleString("en")} of ${all} codes lie outside` : "";
    host.querySelector(".outside").textContent = text;
  }

  return {
    draw(state, decode, live) {
      look(state);
      if (!fit()) return;
      background(state, decode, live);
      copy();
      overlay(state);
    },
    pinAt([x, y], { data, pins, axes }) {
      const directions = axes.map((index) => data.directions[index].vector);
      return pins.find((pin) => {
        const [a, b] = coordinates(pin, directions);
        return Math.hypot(across(a) - across(x), up(b) - up(y)) < 9;
      });
    },
    listen({ hover, click, nudge, zoomed }) {
      // What lies at `around` stays where it is on the screen.
      const by = (factor, around = middle) => {
        const now = Math.min(MOST_ZOOM, Math.max(1 / MOST_ZOOM, zoom * factor));
        middle = middle.map((value, k) => around[k] + (value - around[k]) * (now / zoom));
        zoom = now;
        zoomed();
      };
      canvas.addEventListener("wheel", (event) => {
        event.preventDefault();
        by(Math.exp(event.deltaY / 500), place(event));
      }, { passive: false });
      host.querySelector(".nearer").onclick = () => by(1 / 1.5);
      host.querySelector(".farther").onclick = () => by(1.5);
      host.querySelector(".whole").onclick = () => {
        [zoom, middle] = [1, [0, 0]];
        zoomed();
      };
      let dragged = null; // where the plane was taken hold of, with Shift or the middle button
      canvas.onpointermove = (event) => {
        if (!dragged) return hover(place(event));
        const per = size / canvas.getBoundingClientRect().width / scale(); // σ for a pixel of the screen
        middle = [dragged.middle[0] - (event.clientX - dragged.x) * per, dragged.middle[1] + (event.clientY - dragged.y) * per];
        zoomed();
      };
      canvas.onpointerleave = () => hover(null);
      canvas.onpointerdown = (event) => {
        canvas.setPointerCapture(event.pointerId);
        if (!event.shiftKey && event.button !== 1) return;
        event.preventDefault();
        hover(null);
        dragged = { x: event.clientX, y: event.clientY, middle };
      };
      canvas.onpointerup = (event) => {
        if (dragged) dragged = null;
        else click(place(event));
      };
      canvas.onpointercancel = () => {
        dragged = null;
      };
      canvas.onkeydown = (event) => {
        const by = event.shiftKey ? 0.5 : 0.1;
        const moves = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, by], ArrowDown: [0, -by] };
        if (!moves[event.key]) return;
        event.preventDefault();
        nudge(...moves[event.key]);
      };
    },
    stop: () => cancelAnimationFrame(idle),
  };
}

// Where the decoder can't run here: the closest of the images that the server decoded around the place.
function nearest({ lattice, limit, directions }, axes, z) {
  const { n, images, size, around, side } = lattice;
  const index = (value, end) => Math.min(n - 1, Math.max(0, Math.round(((value + end) / (2 * end)) * (n - 1))));
  const moved = z.flatMap((value, axis) => (Math.abs(value - around[axis]) > 1e-3 ? [axis] : []));
  const strip = moved.length === 1 ? lattice.strips.indexOf(moved[0]) : -1;
  const [x, y] = coordinates(z, axes.map((k) => directions[k].vector));
  const which = strip >= 0 ? n * n + strip * n + index(z[moved[0]], limit) : (n - 1 - index(y, side)) * n + index(x, side);
  return images.subarray(which * size, (which + 1) * size);
}
