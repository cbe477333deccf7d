// A scatter of many points: pan, zoom, hover with a thumbnail, click, box and lasso; Python gets ids and places.

export default function ({ data, parentElement, setStateValue }) {
  const host = parentElement.querySelector(".scatter");
  host.scatter ??= create(host);
  host.scatter.update(data, (name, value) => setStateValue(name, value));
  return () => {
    host.scatter?.stop();
    delete host.scatter;
  };
}

// [length][header][xy uint16 pairs][class uint16][value byte]: see pages/components/scatter/__init__.py.
function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const body = bytes.slice(4 + length);
  const n = head.n;
  return {
    ...head,
    xy: new Uint16Array(body.buffer, 0, 2 * n),
    label: new Uint16Array(body.buffer, 4 * n, n),
    value: head.scale ? new Uint8Array(body.buffer, 6 * n, n) : null,
  };
}

function create(host) {
  const $ = (name) => host.querySelector(`.${name}`);
  const [canvas, overlay, tip] = [$("points"), $("overlay"), $("tip")];
  const points = pointsOn(canvas);
  const ink = overlay.getContext("2d");
  const SMALL = 10_000; // up to so many points are drawn at once, and so are all that take no longer than
  const AT_ONCE = 12; // milliseconds
  const [MOVING, RESTING] = [4, 32]; // milliseconds a frame for the next picture while a hand moves the view, and after
  const REST = 250; // milliseconds without a move
  const MARGIN = 0.25; // of a large map's width and height: drawn on each side of it, and seen when the picture moves
  const LEAST = 2_000; // points of the next picture that are drawn in a frame
  const GLIDES = 40_000; // up to so many points glide from one map to the next, in
  const GLIDE = 450; // milliseconds
  const state = { map: null, hidden: new Set(), lassoed: new Set(), chosen: new Set(), mode: "pan", drawn: [], clicked: null, hover: -1 };
  let [tell, nearest, frame, size, margin, view, press] = [null, null, 0, [0, 0], [0, 0], null, null];
  let [stale, drawn, next] = [true, null, null]; // the points must be drawn; the view of the picture, and of the next
  let [cost, moved] = [0, -Infinity]; // milliseconds to draw a point; when a hand moved the view
  let glide = null; // where points come from, and since when
  const legend = legendOf($("legend"), (hidden) => {
    share({ hidden, classes: state.map.classes });
    hiddenChanged(hidden);
  });
  const shown = (i) => !state.hidden.has(state.map.label[i]);
  const style = (name, otherwise) => getComputedStyle(host).getPropertyValue(name).trim() || otherwise;

  // Places in 0 ... 1 of the map's box; the view's centre and how many pixels one is wide.
  const reset = () => {
    view = { x: 0.5, y: 0.5, zoom: 0.92 * Math.min(...size) };
    stale = true;
  };
  const pixel = (x, y) => [size[0] / 2 + (x - view.x) * view.zoom, size[1] / 2 - (y - view.y) * view.zoom];
  const place = (px, py) => [view.x + (px - size[0] / 2) / view.zoom, view.y - (py - size[1] / 2) / view.zoom];
  const real = ([x, y]) => [state.map.low[0] + x * state.map.span, state.map.low[1] + y * state.map.span];
  const unit = ([x, y]) => [(x - state.map.low[0]) / state.map.span, (y - state.map.low[1]) / state.map.span];
  const at = (event) => {
    const box = overlay.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  function paint() {
    const { map, lassoed } = state;
    const rgba = new Uint8Array(4 * map.n);
    const palette = map.colours.map((hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16)));
    for (let i = 0; i < map.n; i++) {
      const rgb = map.value ? viridis(map.value[i]) : palette[map.label[i] % palette.length];
      rgba.set(rgb, 4 * i);
      rgba[4 * i + 3] = !shown(i) ? 0 : lassoed.size && !lassoed.has(i) ? 40 : 210;
    }
    points.colours(rgba);
    [stale, next] = [true, null];
  }

  function fit() {
    const wanted = [overlay.clientWidth, overlay.clientHeight];
    if (!wanted[0] || !wanted[1]) return false;
    const dense = Math.min(2, window.devicePixelRatio || 1);
    if (wanted[0] !== size[0] || wanted[1] !== size[1] || !view) {
      size = wanted;
      margin = size.map((pixels) => (state.map.n > SMALL ? Math.ceil(MARGIN * pixels) : 0));
      Object.assign(overlay, { width: size[0] * dense, height: size[1] * dense });
      Object.assign(canvas, { width: (size[0] + 2 * margin[0]) * dense, height: (size[1] + 2 * margin[1]) * dense });
      const [left, top] = margin.map((pixels) => `${-pixels}px`);
      const [width, height] = margin.map((pixels) => `calc(100% + ${2 * pixels}px)`);
      Object.assign(canvas.style, { left, top, width, height });
      ink.setTransform(dense, 0, 0, dense, 0, 0);
      [drawn, next] = [null, null];
      reset();
    }
    return true;
  }

  // Points glide to their places on another map of the same examples, so that the eye can follow them.
  function move(now) {
    const { from, since } = glide;
    const done = Math.min(1, (now - since) / GLIDE);
    const eased = done * done * (3 - 2 * done);
    points.places(done < 1 ? from.map((place, k) => place + eased * (state.map.xy[k] - place)) : state.map.xy);
    if (done === 1) glide = null;
    [stale, next] = [true, null];
  }

  // Where drawing all points takes long, the picture moves with the view while the next is drawn behind it: as many
  // points a frame as don't delay a moving pointer, and more once it rests.
  function drawPoints(width) {
    const { n } = state.map;
    if (stale && !next) {
      next = { ...view, done: 0 };
      const scale = size.map((pixels, k) => (2 * view.zoom) / (pixels + 2 * margin[k]));
      points.begin([view.x, view.y, ...scale], width, n > SMALL);
      stale = false;
    }
    if (next) {
      const moving = performance.now() - moved < REST;
      const whole = !drawn || glide || n * cost <= AT_ONCE;
      const count = Math.min(n - next.done, whole ? n : Math.max(LEAST, Math.round((moving ? MOVING : RESTING) / cost)));
      const timed = n > SMALL && !moving && count >= LEAST;
      const started = timed && points.wait();
      points.add(next.done, count);
      if (timed) cost = (points.wait() - started) / count;
      next.done += count;
      if (next.done === n) {
        if (n > SMALL) points.show();
        [drawn, next] = [next, null];
      }
    }
    const [x, y] = drawn ? pixel(drawn.x, drawn.y) : [0, 0];
    const apart = drawn && (drawn.x !== view.x || drawn.y !== view.y || drawn.zoom !== view.zoom);
    canvas.style.transform = apart
      ? `translate(${x - size[0] / 2}px, ${y - size[1] / 2}px) scale(${view.zoom / drawn.zoom})` : "";
    if (next || stale) later();
  }

  function draw() {
    frame = 0;
    if (!state.map || !fit()) return;
    if (glide) {
      move(performance.now());
      later();
    }
    const radius = Math.max(3.5, Math.min(11, 260 / Math.sqrt(state.map.n))) * Math.min(2.2, Math.sqrt(view.zoom / (0.92 * Math.min(...size))));
    const dense = overlay.width / size[0];
    drawPoints(radius * dense);
    ink.clearRect(0, 0, ...size);
    for (const i of glide ? [] : [state.hover, state.clicked?.id ?? -1])
      if (i >= 0) ring(pixel(state.map.xy[2 * i] / 65535, state.map.xy[2 * i + 1] / 65535), radius / 2 + 3);
    if (state.clicked && state.clicked.id === null && state.clicked.layout === state.map.layout)
      ring(pixel(...unit(state.clicked.place)), 6);
    if (state.drawn.length > 1) {
      ink.beginPath();
      state.drawn.forEach(([x, y], k) => (k ? ink.lineTo(x, y) : ink.moveTo(x, y)));
      ink.closePath();
      ink.fillStyle = ink.strokeStyle = style("--mark", "#000");
      ink.globalAlpha = 0.12;
      ink.fill();
      ink.globalAlpha = 1;
      ink.lineWidth = 1.5;
      ink.stroke();
    }
  }
  const later = () => (frame ||= requestAnimationFrame(draw));

  function ring([x, y], radius) {
    for (const [width, stroke] of [[5, style("--st-background-color", "#fff")], [2.5, style("--mark", "#000")]]) {
      ink.beginPath();
      ink.arc(x, y, radius, 0, 7);
      ink.lineWidth = width;
      ink.strokeStyle = stroke;
      ink.stroke();
    }
  }

  function under([px, py], reach = 12) {
    const [x, y] = place(px, py);
    return nearest(x * 65535, y * 65535, (reach / view.zoom) * 65535, 1, shown);
  }

  function hover(spot) {
    const i = spot ? under(spot) : -1;
    if (i !== state.hover) {
      state.hover = i;
      share({ hover: i });
      later();
    }
    tip.hidden = i < 0;
    if (i < 0) return;
    const { map } = state;
    const number = map.value && map.scale.low + ((map.value[i] - 1) / 254) * (map.scale.high - map.scale.low);
    const value = map.value ? ` · ${map.scale.name} ${map.value[i] ? fourDigits(number) : "unknown"}` : "";
    tip.querySelector("span").textContent = `${map.classes[map.label[i]] ?? "no class"}${value}`;
    thumbnail(tip.querySelector("canvas"), map.sprites, i);
    const [wide, high] = [tip.offsetWidth, tip.offsetHeight];
    const left = spot[0] + wide + 32 < size[0] ? spot[0] + 16 : Math.max(0, spot[0] - wide - 16);
    const top = Math.max(0, Math.min(spot[1] - 40, size[1] - high));
    Object.assign(tip.style, { left: `${left}px`, top: `${top}px` });
  }

  function select(inside) {
    const { map } = state;
    const found = new Set();
    for (let i = 0; i < map.n; i++) {
      const [px, py] = pixel(map.xy[2 * i] / 65535, map.xy[2 * i + 1] / 65535);
      if (shown(i) && inside(px, py)) found.add(i);
    }
    share({ lassoed: found });
    lassoedChanged(found);
  }

  function lassoedChanged(found) {
    state.lassoed = found;
    chosenChanged();
  }

  function hiddenChanged(hidden) {
    state.hidden = hidden;
    legend.mark(hidden);
    chosenChanged();
  }

  // Selected is what was drawn around and is shown.
  function chosenChanged() {
    const before = state.chosen;
    state.chosen = new Set([...state.lassoed].filter(shown));
    paint();
    later();
    count();
    const same = state.chosen.size === before.size && [...before].every((i) => state.chosen.has(i));
    if (same || !state.map.tells) return;
    const ids = Uint32Array.from(state.chosen);
    let text = "";
    for (const byte of new Uint8Array(ids.buffer)) text += String.fromCharCode(byte);
    tell("selected", btoa(text));
  }

  function count() {
    const { chosen, lassoed } = state;
    $("clear").disabled = !lassoed.size;
    const out = lassoed.size - chosen.size;
    const said = `${chosen.size.toLocaleString("en")} selected${out ? `, ${out.toLocaleString("en")} hidden` : ""}`;
    $("count").textContent = lassoed.size ? said : "";
  }

  function click(spot) {
    const id = under(spot);
    if (id >= 0) return clickOn(id);
    if (!state.map.tells) return;
    state.clicked = { id: null, place: real(place(...spot)), layout: state.map.layout };
    tell("clicked", state.clicked);
    later();
  }

  function clickOn(id) {
    share({ clicked: id });
    clickedChanged(id);
  }

  function clickedChanged(id) {
    state.clicked = { id, place: null };
    if (state.map.tells) tell("clicked", state.clicked);
    later();
  }

  // Maps of the same points, side by side, share what is hovered, clicked and selected.
  const LINK = "latentlab-scatter";
  const share = (what) =>
    window.dispatchEvent(new CustomEvent(LINK, { detail: { from: host, points: state.map.points, ...what } }));
  function linked({ detail }) {
    if (detail.from === host || detail.points !== state.map?.points) return;
    if ("asks" in detail) share({ lassoed: state.lassoed, ...(state.clicked?.id != null && { clicked: state.clicked.id }) });
    if ("clicked" in detail) clickedChanged(detail.clicked);
    if ("hover" in detail) {
      state.hover = detail.hover;
      later();
    }
    if ("lassoed" in detail) lassoedChanged(detail.lassoed);
    if ("hidden" in detail && String(detail.classes) === String(state.map.classes)) hiddenChanged(detail.hidden);
  }
  window.addEventListener(LINK, linked);

  // The arrow keys step to the closest point on that side.
  function step(dx, dy) {
    const { map, clicked } = state;
    if (clicked?.id == null) return;
    const [x, y] = [map.xy[2 * clicked.id], map.xy[2 * clicked.id + 1]];
    let [best, least] = [-1, Infinity];
    for (let i = 0; i < map.n; i++) {
      const [ax, ay] = [map.xy[2 * i] - x, map.xy[2 * i + 1] - y];
      const [along, across] = [ax * dx + ay * dy, Math.abs(ax * dy) + Math.abs(ay * dx)];
      const far = along * along + 4 * across * across;
      if (along > 0 && far < least && shown(i)) [best, least] = [i, far];
    }
    if (best >= 0) clickOn(best);
  }

  function zoom(by, [px, py] = [size[0] / 2, size[1] / 2]) {
    const [x, y] = place(px, py);
    view.zoom = Math.min(400 * Math.min(...size), Math.max(0.3 * Math.min(...size), view.zoom * by));
    view.x = x - (px - size[0] / 2) / view.zoom;
    view.y = y + (py - size[1] / 2) / view.zoom;
    [stale, moved] = [true, performance.now()];
    later();
  }

  overlay.onpointermove = (event) => {
    const spot = at(event);
    if (!press) return hover(spot);
    press.far ||= Math.hypot(spot[0] - press.from[0], spot[1] - press.from[1]) > 4;
    if (!press.far) return;
    tip.hidden = true;
    if (press.mode === "pan") {
      view.x -= (spot[0] - press.last[0]) / view.zoom;
      view.y += (spot[1] - press.last[1]) / view.zoom;
      [stale, moved] = [true, performance.now()];
    } else if (press.mode === "box") {
      const [[ax, ay], [bx, by]] = [press.from, spot];
      state.drawn = [[ax, ay], [bx, ay], [bx, by], [ax, by]];
    } else state.drawn.push(spot);
    press.last = spot;
    later();
  };
  overlay.onpointerdown = (event) => {
    const spot = at(event);
    overlay.setPointerCapture(event.pointerId);
    press = { from: spot, last: spot, far: false, mode: event.shiftKey ? "lasso" : state.mode };
  };
  overlay.onpointerup = (event) => {
    const done = press;
    press = null;
    if (!done?.far) return click(at(event));
    if (done.mode !== "pan" && state.drawn.length > 2) select(insideOf(state.drawn));
    state.drawn = [];
    later();
  };
  overlay.onpointerleave = () => !press && hover(null);
  overlay.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 400), at(event));
  }, { passive: false });
  overlay.onkeydown = (event) => {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (steps[event.key]) step(...steps[event.key]);
    else if (event.key === "+" || event.key === "=") zoom(1.3);
    else if (event.key === "-") zoom(1 / 1.3);
    else return;
    event.preventDefault();
  };
  for (const mode of ["pan", "box", "lasso"])
    $(mode).onclick = () => {
      state.mode = mode;
      for (const other of ["pan", "box", "lasso"]) $(other).setAttribute("aria-pressed", String(other === mode));
    };
  $("reset").onclick = () => {
    reset();
    later();
  };
  $("clear").onclick = () => {
    const none = new Set();
    share({ lassoed: none });
    lassoedChanged(none);
  };

  const resized = new ResizeObserver(later);
  resized.observe(overlay);
  return {
    update(bytes, say) {
      tell = say;
      const map = unpack(bytes);
      if (map.id === state.map?.id) return;
      const moved = map.layout !== state.map?.layout;
      const others = map.points !== state.map?.points;
      if (String(map.classes) !== String(state.map?.classes)) state.hidden = new Set();
      const follows = !others && map.n <= GLIDES && !matchMedia("(prefers-reduced-motion: reduce)").matches;
      if (moved && follows) glide = { from: state.map.xy, since: performance.now() };
      state.map = map;
      if (moved) {
        if (!glide) points.places(map.xy);
        nearest = cellsOf(map.xy, map.n);
        [view, cost] = [null, 0];
      }
      if (others) {
        const bytes = Uint8Array.from(atob(map.picked.selected), (letter) => letter.charCodeAt(0));
        state.chosen = state.lassoed = new Set(new Uint32Array(bytes.buffer));
        [state.clicked, state.hover] = [map.picked.clicked, -1];
      }
      const forms = map.symbols.map((symbol) => FORMS.indexOf(symbol));
      points.shapes(Uint8Array.from(map.label, (label) => forms[label]));
      legend.draw(map);
      hiddenChanged(state.hidden);
      const picks = window.latentlab?.picks; // before this scatter was there
      if (others && picks?.points === map.points) linked({ detail: { from: null, ...picks } });
      host.dataset.n = map.n;
      if (others && !map.tells) share({ asks: true }); // what is picked on the map that it stands beside
      later();
    },
    stop() {
      cancelAnimationFrame(frame);
      resized.disconnect();
      window.removeEventListener(LINK, linked);
    },
  };
}

function thumbnail(canvas, id, index) {
  const sprites = window.latentlab?.sprites?.get(id);
  canvas.hidden = !sprites || index >= sprites.n;
  if (canvas.hidden) return;
  const { width, height, columns, image, drawn, numbers } = sprites;
  canvas.parentElement.dataset.draws = drawn?.kind ?? "image";
  if (drawn) {
    exampleOn(canvas).show(numbers.subarray(index * drawn.size, (index + 1) * drawn.size), drawn);
    return;
  }
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const [x, y] = [(index % columns) * width, Math.floor(index / columns) * height];
  canvas.getContext("2d").drawImage(image, x, y, width, height, 0, 0, width, height);
}
