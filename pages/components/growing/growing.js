// An image that grows in the order of reading. All of it is here from the start; Python gets the chosen pixel when the
// visitor stops at one.

const SECONDS = 8; // that a whole image takes to play

export default function ({ data, parentElement, setStateValue }) {
  const host = parentElement.querySelector(".growing");
  host.growing ??= create(host);
  host.growing.update(data, (pixel) => setStateValue("pixel", pixel));
  return () => {
    host.growing?.stop();
    delete host.growing;
  };
}

function create(host) {
  const $ = (name) => host.querySelector(`.${name}`);
  const SIDE = 560; // pixels of a canvas, about
  let [height, width, cell, drawn, expected, bits] = [0, 0, 1, [], [], []];
  let [at, said, tell, timer, key] = [0, -1, null, 0, ""];
  const canvases = { drawn: $("drawn"), expected: $("expected") };

  function say() {
    if (at !== said) tell((said = at));
  }

  function paint(canvas, values) {
    const ink = canvas.getContext("2d");
    const style = getComputedStyle(host);
    ink.fillStyle = style.getPropertyValue("--st-secondary-background-color") || "#888";
    ink.fillRect(0, 0, canvas.width, canvas.height);
    for (let i = 0; i <= at; i++) {
      const level = values[i];
      ink.fillStyle = `rgb(${level}, ${level}, ${level})`;
      ink.fillRect((i % width) * cell, Math.floor(i / width) * cell, cell, cell);
    }
    ink.strokeStyle = style.getPropertyValue("--mark");
    ink.lineWidth = 3;
    ink.strokeRect((at % width) * cell + 1.5, Math.floor(at / width) * cell + 1.5, cell - 3, cell - 3);
  }

  function draw() {
    paint(canvases.drawn, drawn);
    paint(canvases.expected, expected);
    $("step").value = at;
    const [row, column] = [Math.floor(at / width) + 1, (at % width) + 1];
    const percent = (level) => `${Math.round((100 * level) / 255)} %`;
    const text = `Pixel ${at + 1} of ${drawn.length} (row ${row}, column ${column}): expected ${percent(expected[at])} of
      white, drawn ${percent(drawn[at])}, ${bits[at].toFixed(2)} bits`;
    $("status").textContent = text.replace(/\s+/g, " ");
    canvases.drawn.setAttribute("aria-valuenow", at + 1);
    canvases.drawn.setAttribute("aria-valuetext", $("status").textContent);
    host.dataset.at = at;
  }

  function go(to) {
    at = Math.min(drawn.length - 1, Math.max(0, to));
    draw();
  }

  function play(plays) {
    clearInterval(timer);
    timer = 0;
    $("play").textContent = plays ? "❚❚ Pause" : "▶ Play";
    $("play").setAttribute("aria-pressed", String(plays));
    if (!plays) return;
    if (at === drawn.length - 1) go(0);
    const pause = Math.max(20, (1000 * SECONDS) / drawn.length);
    const stride = Math.max(1, Math.round((drawn.length * pause) / (1000 * SECONDS)));
    timer = setInterval(() => {
      go(at + stride);
      if (at === drawn.length - 1) stopHere();
    }, pause);
  }

  function stopHere() {
    play(false);
    say();
  }

  const stepTo = (to) => {
    play(false);
    go(to);
    say();
  };
  for (const canvas of Object.values(canvases))
    canvas.onclick = (event) => {
      const box = canvas.getBoundingClientRect();
      const column = Math.floor(((event.clientX - box.left) / box.width) * width);
      const row = Math.floor(((event.clientY - box.top) / box.height) * height);
      stepTo(Math.min(height - 1, row) * width + Math.min(width - 1, column));
    };
  canvases.drawn.onkeydown = (event) => {
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -width, ArrowDown: width };
    if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    play(false);
    go(at + moves[event.key]);
    clearTimeout(host.pause);
    host.pause = setTimeout(say, 400);
  };
  $("play").onclick = () => (timer ? stopHere() : play(true));
  $("back").onclick = () => stepTo(at - 1);
  $("on").onclick = () => stepTo(at + 1);
  $("step").oninput = () => {
    play(false);
    go(Number($("step").value));
  };
  $("step").onchange = say;

  return {
    update(data, listener) {
      tell = listener;
      const found = `${data.shape} ${data.drawn} ${data.bits}`;
      if (found === key) return;
      [height, width] = data.shape;
      if (!key) at = said = data.pixel;
      key = found;
      [drawn, expected] = [bytesOf(data.drawn), bytesOf(data.expected)];
      bits = new Float32Array(bytesOf(data.bits).buffer);
      at = Math.min(at, drawn.length - 1);
      $("step").max = drawn.length - 1;
      cell = Math.max(4, Math.round(SIDE / Math.max(width, height)));
      for (const canvas of Object.values(canvases)) Object.assign(canvas, { width: width * cell, height: height * cell });
      canvases.drawn.setAttribute("aria-valuemin", 1);
      canvases.drawn.setAttribute("aria-valuemax", drawn.length);
      draw();
    },
    stop() {
      clearInterval(timer);
      clearTimeout(host.pause);
    },
  };
}
