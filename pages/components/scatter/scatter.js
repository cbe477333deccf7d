// A scatter of many points: pan or turn, zoom, hover with a thumbnail, click, box and lasso; Python gets ids and places.

export default function ({ data, parentElement, setStateValue }) {
  const host = parentElement.querySelector(".scatter");
  host.scatter ??= create(host);
  host.scatter.update(data, (name, value) => setStateValue(name, value));
  return () => {
    host.scatter?.stop();
    delete host.scatter;
  };
}

// [length][header][places uint16 pairs or triples][class uint16][value byte]: see pages/components/scatter/__init__.py.
function unpack(bytes) {
  const { head, body } = unframed(bytes);
  const { n, dim } = head;
  const places = new Uint16Array(body.buffer, 0, dim * n);
  return {
    ...head,
    ...(dim === 3 ? { xyz: places } : { xy: places }),
    label: new Uint16Array(body.buffer, 2 * dim * n, n),
    value: head.scale ? new Uint8Array(body.buffer, 2 * (dim + 1) * n, n) : null,
  };
}

function create(host) {
  const $ = (name) => host.querySelector(`.${name}`);
  const [canvas, overlay, tip] = [$("points"), $("overlay"), $("tip")];
  const points = pointsOn(canvas);
  const ink = overlay.getContext("2d");
  const [thumbs, turn] = [thumbsOn(ink), turnOf()];
  const SMALL = 10_000; // up to so many points are drawn at once, and so are all that take no longer than
  const AT_ONCE = 12; // milliseconds
  const [MOVING, RESTING] = [4, 32]; // milliseconds a frame for the next picture while a hand moves the view, and after
  const REST = 250; // milliseconds without a move
  const MARGIN = 0.25; // of a large map's width and height: drawn on each side of it, and seen when the picture moves
  const LEAST = 2_000; // points of the next picture that are drawn in a frame
  const NEAR = 60; // pixels from the pointer: pictures of points there are requested with that of the one under it
  const GLIDES = 40_000; // up to so many points glide from one map to the next, in
  const GLIDE = 450; // milliseconds
  const state = { map: null, hidden: new Set(), lassoed: new Set(), chosen: new Set(), mode: "pan", drawn: [], clicked: null, hover: -1 };
  let [tell, nearest, frame, size, margin, view, press] = [null, null, 0, [0, 0], [0, 0], null, null];
  let [stale, drawn, next] = [true, null, null]; // the points must be drawn; the view of the picture, and of the next
  let [cost, moved] = [0, -Infinity]; // milliseconds to draw a point; when a hand moved the view
  let glide = null; // where points come from, and since when
  let [spots, whole] = [null, 1]; // of each shown class where it is densest; pixels of the map's box when all is seen
  const legend = legendOf($("legend"), (hidden) => {
    share({ hidden, classes: state.map.classes });
    hiddenChanged(hidden);
  });
  const shown = (i) => !state.hidden.has(state.map.label[i]);
  const style = (name, otherwise) => getComputedStyle(host).getPropertyValue(name).trim() || otherwise;

  // How much of the map's box the points take: one side of it whole, the other around its middle.
  const reach = (xy) => {
    const far = [0, 0];
    for (let i = 0; i < xy.length; i++) far[i % 2] = Math.max(far[i % 2], Math.abs(xy[i] / 32767.5 - 1));
    return Math.max(...far) > 0.5 ? { wide: far[0], high: far[1] } : { wide: 1, high: 1 }; // of one place there is no side
  };

  // Places in 0 ... 1 of the map's box; the view's centre and how many pixels one is wide.
  const reset = () => {
    const { wide, high } = reach(state.map.xy);
    whole = 0.92 * (state.map.xyz ? 1.25 * Math.min(...size) : Math.min(size[0] / wide, size[1] / high));
    view = { x: 0.5, y: 0.5, zoom: whole };
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
      const fog = map.near ? 0.4 + 0.8 * map.near[i] : 1; // the farther, the fainter
      rgba[4 * i + 3] = !shown(i) ? 0 : (lassoed.size && !lassoed.has(i) ? 40 : 210) * fog;
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
    const radius = Math.max(3.5, Math.min(11, 260 / Math.sqrt(state.map.n))) * Math.min(2.2, Math.sqrt(view.zoom / whole));
    const dense = overlay.width / size[0];
    drawPoints(radius * dense);
    ink.clearRect(0, 0, ...size);
    if (!glide) drawOver(radius / 2);
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
  const pixelOf = (i) => pixel(state.map.xy[2 * i] / 65535, state.map.xy[2 * i + 1] / 65535);

  // Over the points: their pictures, the box that is turned, rings around what is picked, and names.
  function drawOver(radius) {
    const { map, clicked } = state;
    const look = { text: style("--st-text-color", "#000"), surface: style("--st-background-color", "#fff"), font: getComputedStyle(host).fontFamily };
    if (map.images) request(map.points, thumbs.draw(map, shown, view, pixel, size));
    const [write, mark] = [writerOn(ink, look, size), style("--mark", "#000")];
    const larger = typeScale();
    if (map.xyz) drawBox(write, look);
    const near = marked();
    for (const i of near) ring(pixelOf(i), radius + 2, 1.5);
    for (const i of [state.hover, clicked?.id ?? -1]) if (i >= 0) ring(pixelOf(i), radius + 3);
    near.forEach((i, rank) => {
      const [[x, y], far] = [pixelOf(i), radius + 9 * larger];
      write(String(rank + 1), 13 * larger, AROUND.map(([dx, dy]) => [x + far * dx, y + far * dy]), mark);
    });
    spots ??= spotsOfClasses();
    for (const [k, place] of spots) {
      const [x, y] = pixel(...place);
      const pixels = (map.classes[k].length > 3 ? 15 : 19) * larger;
      write(inShort(map.classes[k]), pixels, [0, -1, 1, -2, 2].map((lines) => [x, y + 1.1 * lines * pixels]));
    }
  }

  // The neighbours of the clicked point, the nearest first.
  function marked() {
    const [{ map, clicked }, rings] = [state, window.latentlab?.rings];
    const are = clicked?.id != null && rings?.points === map.points && rings.of === clicked.id;
    return are ? [...rings.ids].filter(shown) : [];
  }

  // [class, place] of the classes that have a name on the map, the largest first; none where there are too many.
  function spotsOfClasses() {
    const { map, hidden } = state;
    const counts = new Array(map.classes.length).fill(0);
    for (const label of map.label) counts[label]++;
    const named = [...counts.keys()].filter((k) => counts[k] && !hidden.has(k) && map.symbols[k] !== "circle-open");
    if (named.length > NAMED) return [];
    const found = densest(map, named);
    return named.map((k, row) => [k, found[row]]).sort(([a], [b]) => counts[b] - counts[a]);
  }

  function drawBox(write, { text }) {
    const { edges, names } = turn.box(state.map.axes);
    Object.assign(ink, { globalAlpha: 0.3, strokeStyle: text, lineWidth: 1 });
    ink.beginPath();
    for (const [from, to] of edges) {
      ink.moveTo(...pixel(...from));
      ink.lineTo(...pixel(...to));
    }
    ink.stroke();
    ink.globalAlpha = 1;
    for (const [name, x, y] of names) write(name, 12, [pixel(x, y)]);
  }

  function ring([x, y], radius, line = 2.5) {
    for (const [width, stroke] of [[2 * line, style("--st-background-color", "#fff")], [line, style("--mark", "#000")]]) {
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
    if (!thumbnail(tip, map.points, i)) request(map.points, [i, ...around(spot)]);
    const [left, top] = beside(spot, tip.offsetWidth, tip.offsetHeight);
    Object.assign(tip.style, { left: `${left}px`, top: `${top}px` });
  }

  // Where a card of a size covers the fewest marked neighbours, and never the pointer if it can be.
  function beside([x, y], wide, high) {
    const within = (value, most) => Math.max(0, Math.min(value, most));
    const spots = [x + 16, x - wide - 16].flatMap((left) =>
      [y - 40, y + 16, y - high - 16].map((top) => [within(left, size[0] - wide), within(top, size[1] - high)]));
    const points = marked().map(pixelOf);
    const covers = ([left, top], [px, py]) => px > left && px < left + wide && py > top && py < top + high;
    const cost = (spot) => (covers(spot, [x, y]) ? NEAR : 0) + points.filter((point) => covers(spot, point)).length;
    return spots.reduce((best, spot) => (cost(spot) < cost(best) ? spot : best));
  }

  // Points near a spot without a picture: the pointer may come to them next.
  function around([x, y]) {
    const found = [];
    for (let i = 0; i < state.map.n && found.length < AT_A_TIME; i++) {
      if (!shown(i) || spriteOf(state.map.points, i)) continue;
      const [px, py] = pixelOf(i);
      if (Math.hypot(px - x, py - y) < NEAR) found.push(i);
    }
    return found;
  }

  function select(inside) {
    const { map } = state;
    const found = new Set();
    for (let i = 0; i < map.n; i++) if (shown(i) && inside(...pixelOf(i))) found.add(i);
    share({ lassoed: found });
    lassoedChanged(found);
  }

  function lassoedChanged(found) {
    state.lassoed = found;
    chosenChanged();
  }

  function hiddenChanged(hidden) {
    state.hidden = hidden;
    spots = null;
    thumbs.forget();
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
    if (!state.map.tells || state.map.xyz) return; // no place lies under a spot of a turned box, but a line of them
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
  function arrived() {
    requested.ids.clear();
    const waits = state.hover >= 0 && !tip.hidden && !thumbnail(tip, state.map.points, state.hover);
    if (waits) request(state.map.points, [state.hover]); // the pointer moved on while others were on their way
    later();
  }
  window.addEventListener("latentlab-sprites", arrived);
  window.addEventListener("latentlab-rings", later);

  function turned(dx, dy) {
    turn.by(dx, dy);
    turn.project(state.map);
    points.places(state.map.xy);
    paint();
    [spots, nearest, moved] = [null, cellsOf(state.map.xy, state.map.n), performance.now()];
    thumbs.forget();
  }

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
    if (press.mode === "pan" && state.map.xyz) turned(spot[0] - press.last[0], spot[1] - press.last[1]);
    else if (press.mode === "pan") {
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
      if (map.xyz) turn.project(map);
      $("pan").textContent = map.xyz ? "Turn" : "Move";
      $("pan").title = map.xyz ? "Drag to turn" : "Drag to move";
      state.map = map;
      if (moved) {
        if (!glide) points.places(map.xy);
        nearest = cellsOf(map.xy, map.n);
        [view, cost] = [null, 0];
      }
      if (others) {
        state.chosen = state.lassoed = new Set(new Uint32Array(bytesOf(map.picked.selected).buffer));
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
      window.removeEventListener("latentlab-sprites", arrived);
      window.removeEventListener("latentlab-rings", later);
    },
  };
}

// Shows what an example is called, and its picture; false where the server hasn't sent it.
function thumbnail(tip, points, index) {
  const [sprite, canvas] = [spriteOf(points, index), tip.querySelector("canvas")];
  tip.querySelector("b").textContent = sprite?.name ?? "";
  canvas.hidden = !sprite?.image && !sprite?.drawn;
  if (canvas.hidden) return Boolean(sprite);
  const { width, height, image, x, y, drawn, numbers } = sprite;
  canvas.parentElement.dataset.draws = drawn?.kind ?? "image";
  if (drawn) {
    exampleOn(canvas).show(numbers, drawn);
    return true;
  }
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext("2d").drawImage(image, x, y, width, height, 0, 0, width, height);
  return true;
}
