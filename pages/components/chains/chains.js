// Chains that move: the moves of a sampler, played, stepped and slowed. It draws moves and knows no sampler.

export default function ({ data, parentElement }) {
  const host = parentElement.querySelector(".chains");
  host.film ??= create(host);
  host.film.update(data);
  return () => {
    host.film?.stop();
    delete host.film;
  };
}

// [length][header][truth f32][start, positions, proposals, data, paths: uint16 pairs][accepted, shade: bytes]
function unpack(bytes) {
  const { head, body } = unframed(bytes);
  const { steps, chains, side, points, path } = head;
  let at = 0;
  const take = (Kind, n) => {
    const part = new Kind(body.buffer, at, n);
    at += part.byteLength;
    return part;
  };
  return {
    ...head,
    truth: take(Float32Array, side),
    start: take(Uint16Array, 2 * chains),
    positions: take(Uint16Array, 2 * chains * steps),
    proposals: take(Uint16Array, 2 * chains * steps),
    data: take(Uint16Array, 2 * points),
    paths: take(Uint16Array, 2 * steps * path * chains),
    accepted: take(Uint8Array, chains * steps),
    shade: take(Uint8Array, side * side),
  };
}

function create(host) {
  const $ = (name) => host.querySelector(`.${name}`);
  const [plane, counts, time, speed, play, status] = ["plane", "counts", "time", "speed", "play", "status"].map($);
  const TRAIL = 14; // steps that stay in sight
  const BINS = 36; // two cells of the truth each
  let [film, t, playing, frame, last, shade] = [null, 0, false, 0, 0, null];
  const style = (name, otherwise) => getComputedStyle(host).getPropertyValue(name).trim() || otherwise;
  const perSecond = () => 2 ** Number(speed.value);

  function fit(canvas) {
    const [w, h] = [canvas.clientWidth, canvas.clientHeight];
    const dense = Math.min(2, window.devicePixelRatio || 1);
    if (canvas.width !== Math.round(w * dense) || canvas.height !== Math.round(h * dense))
      Object.assign(canvas, { width: Math.round(w * dense), height: Math.round(h * dense) });
    const ink = canvas.getContext("2d");
    ink.setTransform(dense, 0, 0, dense, 0, 0);
    ink.clearRect(0, 0, w, h);
    return [ink, w, h];
  }

  // Where a chain is after step k (0: at the start), in 0 ... 1 of the box.
  const place = (k, c) => {
    const [from, i] = k ? [film.positions, 2 * ((k - 1) * film.chains + c)] : [film.start, 2 * c];
    return [from[i] / 65535, from[i + 1] / 65535];
  };

  // The way of a chain to its proposal at step t; what lies outside is on the edge, along which no line is drawn.
  function follow(ink, c, pixel) {
    let outside = false;
    for (let k = 0; k < film.path; k++) {
      const i = 2 * (((t - 1) * film.path + k) * film.chains + c);
      const [x, y] = [film.paths[i], film.paths[i + 1]];
      const edge = x === 0 || x === 65535 || y === 0 || y === 65535;
      ink[k === 0 || (edge && outside) ? "moveTo" : "lineTo"](...pixel([x / 65535, y / 65535]));
      outside = edge;
    }
  }

  function background(colour) {
    const canvas = document.createElement("canvas");
    const n = film.side;
    if (!n) return null;
    Object.assign(canvas, { width: n, height: n });
    const ink = canvas.getContext("2d");
    ink.fillStyle = colour;
    ink.fillRect(0, 0, 1, 1);
    const [r, g, b] = ink.getImageData(0, 0, 1, 1).data;
    const image = ink.createImageData(n, n);
    for (let row = 0; row < n; row++)
      for (let column = 0; column < n; column++)
        image.data.set([r, g, b, 0.62 * film.shade[(n - 1 - row) * n + column]], 4 * (row * n + column));
    ink.putImageData(image, 0, 0);
    return canvas;
  }

  function draw() {
    if (!film || !plane.clientWidth) return;
    const [ink, w, h] = fit(plane);
    const [x0, y0, x1, y1] = film.box;
    const unit = Math.min(w / (x1 - x0), h / (y1 - y0));
    const [wide, high] = [unit * (x1 - x0), unit * (y1 - y0)];
    const [left, top] = [(w - wide) / 2, (h - high) / 2];
    const pixel = ([x, y]) => [left + x * wide, top + (1 - y) * high];
    const [text, main] = [style("--st-text-color", "#222"), style("--st-primary-color", "#4c51bf")];
    const [yes, no] = [style("--yes", "green"), style("--no", "red")];
    shade ??= { main, canvas: background(main) };
    if (shade.main !== main) shade = { main, canvas: background(main) };
    if (shade.canvas) ink.drawImage(shade.canvas, left, top, wide, high);
    ink.strokeStyle = style("--st-border-color", "#ccc");
    ink.strokeRect(left + 0.5, top + 0.5, wide - 1, high - 1);
    ink.fillStyle = main;
    ink.globalAlpha = 0.35;
    for (let i = 0; i < film.points; i++) {
      const [px, py] = pixel([film.data[2 * i] / 65535, film.data[2 * i + 1] / 65535]);
      ink.fillRect(px - 1, py - 1, 2, 2);
    }
    ink.strokeStyle = text;
    ink.lineWidth = 1;
    for (let k = Math.max(1, t - TRAIL + 1); k <= t; k++) {
      ink.globalAlpha = 0.45 * (1 - (t - k) / TRAIL);
      ink.beginPath();
      for (let c = 0; c < film.chains; c++) {
        ink.moveTo(...pixel(place(k - 1, c)));
        ink.lineTo(...pixel(place(k, c)));
      }
      ink.stroke();
    }
    if (t > 0)
      for (let c = 0; c < film.chains; c++) {
        const i = (t - 1) * film.chains + c;
        const tried = pixel([film.proposals[2 * i] / 65535, film.proposals[2 * i + 1] / 65535]);
        ink.strokeStyle = ink.fillStyle = film.accepted[i] ? yes : no;
        ink.globalAlpha = film.accepted[i] ? 0.9 : 0.75;
        ink.beginPath();
        if (film.path) {
          follow(ink, c, pixel);
          ink.stroke();
          ink.beginPath();
        }
        if (film.accepted[i]) {
          ink.arc(...tried, 3.5, 0, 7);
          ink.fill();
        } else {
          const [px, py] = tried;
          if (!film.path) {
            ink.setLineDash([3, 3]);
            ink.moveTo(...pixel(place(t - 1, c)));
            ink.lineTo(px, py);
            ink.stroke();
            ink.setLineDash([]);
            ink.beginPath();
          }
          ink.moveTo(px - 3, py - 3);
          ink.lineTo(px + 3, py + 3);
          ink.moveTo(px + 3, py - 3);
          ink.lineTo(px - 3, py + 3);
          ink.stroke();
        }
      }
    ink.globalAlpha = 1;
    ink.fillStyle = text;
    for (let c = 0; c < film.chains; c++) {
      const [px, py] = pixel(place(t, c));
      ink.fillRect(px - 1.5, py - 1.5, 3, 3);
    }
    ink.strokeStyle = text;
    ink.lineWidth = 2;
    ink.beginPath();
    ink.arc(...pixel(place(t, 0)), 6, 0, 7);
    ink.stroke();
    ink.font = "12px sans-serif";
    ink.globalAlpha = 0.7;
    ink.fillText(film.names[0], left + wide - ink.measureText(film.names[0]).width - 6, top + high - 6);
    ink.fillText(film.names[1], left + 6, top + 16);
    ink.fillText(x0.toPrecision(2), left + 6, top + high - 6);
    ink.fillText(x1.toPrecision(2), left + wide - ink.measureText(x1.toPrecision(2)).width - 6, top + high - 22);
    ink.globalAlpha = 1;
    histogram(left, wide, text, main);
    words();
  }

  function histogram(left, wide, text, main) {
    const [ink, , h] = fit(counts);
    const bins = new Uint32Array(BINS);
    for (let i = 0; i < 2 * t * film.chains; i += 2) {
      const x = film.positions[i];
      if (x > 0 && x < 65535) bins[Math.floor((x * BINS) / 65536)]++; // on the edge: outside
    }
    const total = t * film.chains || 1;
    const merged = new Float32Array(BINS);
    for (let i = 0; i < film.side; i++) merged[Math.floor((i * BINS) / film.side)] += film.truth[i];
    const most = Math.max(1e-9, ...merged, ...Array.from(bins, (n) => n / total)) * 1.08;
    ink.fillStyle = text;
    ink.globalAlpha = 0.35;
    bins.forEach((n, k) => ink.fillRect(left + (k * wide) / BINS, h, wide / BINS - 1, (-n / total / most) * h));
    ink.globalAlpha = 1;
    if (!film.side) return;
    ink.strokeStyle = main;
    ink.lineWidth = 2;
    ink.beginPath();
    merged.forEach((m, k) => ink.lineTo(left + ((k + 0.5) * wide) / BINS, h - (m / most) * h));
    ink.stroke();
  }

  function words() {
    let taken = 0;
    for (let i = 0; i < t * film.chains; i++) taken += film.accepted[i];
    const share = t ? ` · ${Math.round((100 * taken) / (t * film.chains))} % accepted so far` : "";
    status.textContent = `step ${t} of ${film.steps}${share}`;
    time.value = t;
    host.dataset.t = t;
    $("back").disabled = t === 0;
    $("step").disabled = t === film.steps;
    play.textContent = playing ? "Pause" : t === film.steps ? "Replay" : "Play";
  }

  function tick(now) {
    frame = 0;
    if (!playing) return;
    const due = Math.floor(((now - last) / 1000) * perSecond());
    if (due > 0) {
      last = now;
      t = Math.min(film.steps, t + due);
      if (t === film.steps) playing = false;
      draw();
    }
    if (playing) frame = requestAnimationFrame(tick);
  }

  function go(to) {
    playing = false;
    t = Math.max(0, Math.min(film.steps, to));
    draw();
  }

  function start() {
    playing = true;
    if (t === film.steps) t = 0;
    last = performance.now();
    words();
    frame ||= requestAnimationFrame(tick);
  }

  play.onclick = () => (playing ? go(t) : start());
  $("back").onclick = () => go(t - 1);
  $("step").onclick = () => go(t + 1);
  $("reset").onclick = () => go(0);
  time.oninput = () => go(Number(time.value));

  const resized = new ResizeObserver(() => requestAnimationFrame(draw));
  resized.observe(plane);
  return {
    update(bytes) {
      const next = unpack(bytes);
      if (next.id === film?.id) return draw();
      film = next;
      shade = null;
      time.max = film.steps;
      $("truth").hidden = !film.side;
      $("path").hidden = !film.path;
      t = 0;
      host.dataset.steps = film.steps;
      if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) go(film.steps);
      else start();
      draw();
    },
    stop() {
      cancelAnimationFrame(frame);
      playing = false;
      resized.disconnect();
    },
  };
}
