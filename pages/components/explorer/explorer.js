// The interactive latent space: a plane to point at, a slider for each dimension, and the image that follows both.
// All that happens while dragging happens here; Python gets the place when a drag ends.

const KEEP = 8; // pins
const STRIP = 9; // pictures of a strip
const COALESCE = 250; // ms after the last key before Python hears

export default function ({ data, parentElement, setStateValue }) {
  const host = parentElement.querySelector(".explorer");
  host.explorer ??= create(host);
  host.explorer.update(data, (view) => setStateValue("view", view));
  return () => {
    host.explorer?.stop();
    delete host.explorer;
  };
}

function create(host) {
  const $ = (name) => host.querySelector(`.${name}`);
  const state = { data: null, z: [], pins: [], axes: [0, 1], past: [], hover: null, example: null, tell: null, only: new Set() };
  let [timer, frame, idle] = [0, 0, 0];
  const picture = exampleOn($("image"));
  const second = exampleOn($("second"));
  const original = exampleOn($("before"));
  const plane = planeOn($("plane"));
  const legend = legendOn($("legend"), () => later());
  const rows = new Map(); // axis -> its slider and number
  let choosers = []; // of the categories

  // What there is to decode with: the program if it came, else what the server decoded in advance.
  const program = () => window.latentlab?.programs.get(state.data.program);
  const shown = () => state.hover ?? state.z;

  function decode(z) {
    const found = program();
    if (found) return run(found, Float32Array.from(z));
    return state.data.lattice ? nearest(state.data, state.axes, z) : null;
  }

  // The other model at the same place, if it has as many dimensions; at an example, what it makes of the same one.
  function beside(z) {
    const { other } = state.data;
    const found = window.latentlab?.programs.get(other.program);
    if (!found) return null;
    if (state.example !== null && !state.hover) {
      const start = state.example * other.z_dim;
      return run(found, other.codes.slice(start, start + other.z_dim));
    }
    return other.z_dim === z.length ? run(found, Float32Array.from(z)) : null;
  }

  function draw() {
    frame = 0;
    const z = shown();
    const exact = !program() && state.data.exact && same(z, state.data.exact.z);
    picture.show(exact ? state.data.exact.image : decode(z), state.data.drawn, "waiting");
    if (state.data.other) second.show(beside(z), state.data.other.drawn, "no such place here: encode an example");
    for (const [axis, row] of rows) row.set(z[axis]);
    for (const chooser of choosers) chooser.set(z);
    const before = state.hover ? null : originalOf(state);
    $("original").hidden = before === null;
    if (before) original.show(before, state.data.drawn, "");
    $("first-title").hidden = !before && !state.data.other;
    $("first-title").textContent = state.data.other ? state.data.title : "decoded";
    if (state.data.reality) {
      const { reality } = state.data;
      [$("reality").dataset.place, $("reality").textContent] = words(reality, reality.distance(z));
    }
    plane.draw(state, decode, program() !== undefined);
    strips();
  }

  // Above each slider in sight what its dimension does from end to end, the rest as it is; drawn while nothing moves.
  let stripsOf = "";
  function strips() {
    const now = JSON.stringify([state.z, state.data.program, state.data.nonce, $("sliders").clientWidth]);
    if (state.data.drawn.kind !== "image" || now === stripsOf) return;
    stripsOf = now;
    cancelAnimationFrame(idle);
    const todo = [...rows].filter(([, row]) => row.element.isConnected && row.element.offsetParent);
    const next = () => {
      const [axis, row] = todo.shift() ?? [];
      if (!row) return;
      row.strip((value) => decode(state.z.with(axis, value)), state.data.drawn, styleOf(host));
      idle = requestAnimationFrame(next);
    };
    idle = requestAnimationFrame(next);
  }
  const later = () => (frame ||= requestAnimationFrame(draw));

  function say(wait = 0) {
    clearTimeout(timer);
    const view = () => ({ z: state.z.map(round), pins: state.pins.map((p) => p.map(round)), axes: state.axes });
    timer = setTimeout(() => state.tell?.(view()), wait);
  }

  // Every change of the code goes through here, so that it can be undone.
  function move(z, { from = state.z, wait = 0, quiet = false, example = null } = {}) {
    if (!quiet && !same(from, state.past.at(-1))) state.past = [...state.past.slice(-99), [...from]];
    state.z = z.map((value) => Math.min(state.data.limit, Math.max(-state.data.limit, value)));
    state.example = example;
    state.hover = null;
    $("undo").disabled = state.past.length === 0;
    later();
    if (!quiet) say(wait);
  }

  const directions = () => state.axes.map((index) => state.data.directions[index].vector);
  const at = (x, y) => lifted(state.z, directions(), [x, y]);

  plane.listen({
    hover: (place) => {
      state.hover = place && at(...place);
      later();
    },
    click: (place) => {
      const pin = plane.pinAt(place, state);
      move(pin ? [...pin] : at(...place));
    },
    nudge: (dx, dy) => {
      const [x, y] = coordinates(state.z, directions());
      move(at(x + dx, y + dy), { wait: COALESCE });
    },
    zoomed: later,
  });

  function sliders() {
    rows.clear();
    $("sliders").replaceChildren();
    $("rest").replaceChildren();
    choosers = state.data.categories.map((category, k) => {
      const name = state.data.categories.length > 1 ? `category ${k + 1}` : "category";
      return chooser(name, category, (place) => {
        const z = [...state.z];
        category.axes.forEach((axis, i) => (z[axis] = place[i]));
        move(z);
      });
    });
    $("sliders").append(...choosers.map((one) => one.element));
    const dims = state.data.dims.filter((dim) => !dim.hidden);
    dims.forEach((dim, index) => {
      const row = slider(dim, state.data.limit, {
        start: () => [...state.z],
        input: (value) => {
          const z = [...state.z];
          z[dim.axis] = value;
          move(z, { quiet: true });
        },
        change: (value, from) => {
          const z = [...state.z];
          z[dim.axis] = value;
          move(z, { from, wait: 0 });
        },
      });
      rows.set(dim.axis, row);
      $(index < state.data.in_sight ? "sliders" : "rest").append(row.element);
    });
    const hidden = dims.length - state.data.in_sight;
    $("more").hidden = hidden <= 0;
    $("more").querySelector("summary").textContent = `${hidden} more dimensions`;
  }

  function pick() {
    const wanted = $("class").value;
    const { codes, labels } = state.data.points;
    const z_dim = state.z.length;
    const fits = [...labels.keys()].filter((i) => wanted === "" || labels[i] === Number(wanted));
    const index = fits[Math.floor(Math.random() * fits.length)];
    move(Array.from(codes.subarray(index * z_dim, (index + 1) * z_dim)), { example: index });
  }

  function pin() {
    if (state.pins.some((p) => same(p, state.z))) return;
    state.pins = [...state.pins, [...state.z]].slice(-KEEP);
    pinned();
  }

  function pinned() {
    $("unpin").disabled = state.pins.length === 0;
    later();
    say();
  }

  // A draw from the prior: of several kinds one of those that came, for which no formula is needed here.
  function drawn() {
    const { codes } = state.data.points;
    const n = state.z.length;
    if (!state.data.draws || !codes.length) return state.z.map(normal);
    const index = Math.floor((Math.random() * codes.length) / n);
    return Array.from(codes.subarray(index * n, (index + 1) * n));
  }
  $("zero").onclick = () => move([...state.data.middle]);
  $("sample").onclick = () => move(drawn());
  $("encode").onclick = pick;
  $("undo").onclick = () => {
    const before = state.past.pop();
    if (before) {
      move(before, { quiet: true });
      say();
    }
  };
  $("pin").onclick = pin;
  $("unpin").onclick = () => {
    state.pins = [];
    pinned();
  };
  $("tiles").onchange = $("shade").onchange = later;
  $("more").ontoggle = () => {
    stripsOf = "";
    later();
  };
  for (const name of ["across", "up"])
    $(name).onchange = () => {
      state.axes = [Number($("across").value), Number($("up").value)];
      later();
      say();
    };

  const arrived = () => {
    $("source").textContent = program() ? "" : state.data.source;
    host.dataset.runs = program() ? "browser" : "server";
    later();
  };
  window.addEventListener("latentlab-program", arrived);
  window.addEventListener("latentlab-originals", later);
  const resized = new ResizeObserver(later);
  resized.observe($("plane"));

  return {
    update(sent, tell) {
      state.tell = tell;
      const fresh = state.data?.nonce !== sent.nonce;
      const data = inflate(sent, fresh ? null : state.data);
      if (fresh) {
        Object.assign(state, { data, ...data.view, past: [], hover: null, example: null });
        $("class").replaceChildren(new Option("any class", ""), ...data.classes.map((name, k) => new Option(name, k)));
        $("class").hidden = $("encode").hidden = data.labels.length === 0;
        const encoded = data.labels.length ? data.points.codes : new Float32Array();
        data.reality = realityOf(encoded, data.view.z.length, data.near);
        $("shade").parentElement.hidden = $("reality").hidden = data.reality === null;
        for (const [name, axis] of [["across", 0], ["up", 1]]) {
          const components = data.directions.slice(data.dims.length);
          $(name).replaceChildren(
            ...data.dims.map((dim) => new Option(dim.name, dim.axis)),
            ...components.map((direction, k) => new Option(direction.name, data.dims.length + k)),
          );
          $(name).value = state.axes[axis];
        }
        $("flat").hidden = data.dims.length < 2;
        $("undo").disabled = true;
        $("unpin").disabled = state.pins.length === 0;
        sliders();
      } else {
        state.data = { ...data, reality: state.data.reality };
      }
      state.only = legend.only;
      legend.update(state.data);
      host.dataset.draws = data.drawn.kind;
      $("note").textContent = data.note;
      $("beside").hidden = !data.other;
      if (data.other) $("second-title").textContent = data.other.title;
      arrived();
    },
    stop() {
      cancelAnimationFrame(frame);
      cancelAnimationFrame(idle);
      clearTimeout(timer);
      resized.disconnect();
      plane.stop();
      window.removeEventListener("latentlab-program", arrived);
      window.removeEventListener("latentlab-originals", later);
    },
  };
}

const round = (value) => Math.round(value * 1000) / 1000;
const same = (a, b) => a !== undefined && b !== undefined && a.every((value, i) => Math.abs(value - b[i]) < 5e-4);
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const coordinates = (z, directions) => directions.map((direction) => dot(z, direction));

// The closest code to z with these coordinates along two directions: see plane() in latentlab/analysis/latent/traversal.py.
function lifted(z, [u, v], [x, y]) {
  const [a, b, c] = [dot(u, u), dot(u, v), dot(v, v)];
  const [dx, dy] = [x - dot(z, u), y - dot(z, v)];
  const determinant = a * c - b * b;
  if (determinant < 1e-9) return z.map((value, i) => value + (dx / a) * u[i]); // the same direction twice
  const [p, q] = [(c * dx - b * dy) / determinant, (a * dy - b * dx) / determinant];
  return z.map((value, i) => value + p * u[i] + q * v[i]);
}
// The example whose code this is, if it was encoded and has come.
function originalOf({ example, data }) {
  const found = window.latentlab?.originals;
  if (example === null || found?.key !== data.originals || example >= found.count) return null;
  const size = found.values.length / found.count;
  return found.values.subarray(example * size, (example + 1) * size);
}

const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

// What Python sent, with its arrays unpacked; those of the points stay as they were while the model does.
function inflate(sent, before) {
  return {
    ...sent,
    directions: sent.directions.map(({ name, vector, axis }) => ({
      name,
      vector: vector ?? sent.view.z.map((_, i) => (i === axis ? 1 : 0)),
    })),
    other: sent.other && { ...sent.other, codes: new Float32Array(bytesOf(sent.other.codes).buffer) },
    points: before?.points ?? { labels: sent.labels, codes: new Float32Array(bytesOf(sent.codes).buffer) },
    exact: sent.exact && { z: sent.exact.z, image: unpacked(sent.exact.image, sent.drawn) },
    lattice: sent.lattice && { ...sent.lattice, images: unpacked(sent.lattice.images, sent.drawn) },
  };
}

// One category: a button for each, of which one is pressed.
function chooser(name, { axes, places }, choose) {
  const element = document.createElement("div");
  element.className = "category";
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", name);
  const title = document.createElement("span");
  title.textContent = name;
  const buttons = places.map((place, k) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = k + 1;
    button.onclick = () => choose(place);
    return button;
  });
  element.append(title, ...buttons);
  return {
    element,
    set(z) {
      const here = axes.map((axis) => z[axis]);
      const chosen = (place) => place.every((value, i) => Math.abs(value - here[i]) < 0.1); // a link has few digits
      buttons.forEach((button, k) => button.setAttribute("aria-pressed", chosen(places[k])));
    },
  };
}

// One dimension: its name, a range input, its number; a double click sets it to zero.
function slider(dim, limit, { start, input, change }) {
  const element = document.createElement("label");
  element.className = dim.active ? "dimension" : "dimension inactive";
  element.innerHTML = '<span class="name"></span><output></output><canvas class="strip"></canvas><input type="range" step="0.01">';
  const [name, number, canvas, range] = element.children;
  name.textContent = `${dim.name} · ${dim.carries}`;
  name.title = "How much it carries: the mean KL divergence from the prior (nats), or the variance of the code";
  const [low, high] = dim.ends ?? [-limit, limit];
  const [center, scale] = dim.own ?? [0, 1]; // of a uniform code: its number is its own
  Object.assign(range, { min: low, max: high });
  range.setAttribute("aria-label", name.textContent);
  if (dim.follows) {
    const follows = document.createElement("small");
    follows.textContent = dim.follows;
    follows.title = "What is measured of test examples that this dimension correlates most with";
    name.append(" ", follows);
  }
  let from = null;
  range.oninput = () => {
    from ??= start();
    input(Number(range.value));
  };
  range.onchange = () => {
    change(Number(range.value), from ?? start());
    from = null;
  };
  range.ondblclick = () => change(0, start());
  return {
    element,
    set(value) {
      range.value = value;
      number.textContent = (Math.round(100 * (center + scale * value)) / 100 || 0).toFixed(2);
    },
    strip(decoded, drawn, style) {
      const [, tall, wide] = drawn.shape;
      const side = Math.round(canvas.clientWidth / STRIP);
      const dense = Math.min(2, window.devicePixelRatio || 1);
      const height = Math.round((side * tall) / wide);
      Object.assign(canvas, { width: side * STRIP * dense, height: height * dense });
      const context = canvas.getContext("2d");
      context.imageSmoothingEnabled = false;
      context.setTransform(dense, 0, 0, dense, 0, 0);
      for (let k = 0; k < STRIP; k++) {
        const x = decoded(low + ((k + 0.5) / STRIP) * (high - low));
        if (x) tile(context, x, drawn, style, [k * side, 0, side, height]);
      }
    },
  };
}
