// One style in every class: a slider for each dimension, and a canvas of all cells that follows while it is dragged.
// The decoder is what the explorer's weights.js keeps in window.latentlab; Python gets a style when a slider is released.

export default function ({ data, parentElement, setStateValue }) {
  const host = parentElement.querySelector(".row");
  host.row ??= create(host);
  host.row.update(data, (z) => setStateValue("z", z));
  return () => {
    host.row?.stop();
    delete host.row;
  };
}

function create(host) {
  const $ = (name) => host.querySelector(`.${name}`);
  const state = { data: null, z: [], tell: null };
  const rows = new Map(); // axis -> its slider and number
  let frame = 0;

  const program = () => window.latentlab?.programs.get(state.data.program);

  function draw() {
    frame = 0;
    const found = program();
    host.dataset.runs = found ? "browser" : "waiting";
    $("source").textContent = found ? "decoded in the browser as you drag" : "loading the decoder";
    for (const [axis, row] of rows) row.set(state.z[axis]);
    if (!found) return;
    const { drawn, n_classes } = state.data;
    const canvas = $("cells");
    const [width, height] = cell(canvas, drawn, n_classes);
    if (canvas.width !== n_classes * width || canvas.height !== height)
      Object.assign(canvas, { width: n_classes * width, height });
    const [context, style] = [canvas.getContext("2d"), styleOf(canvas)];
    if (drawn.kind !== "image") context.clearRect(0, 0, canvas.width, canvas.height);
    for (let k = 0; k < n_classes; k++) {
      const code = Float32Array.from([...state.z, ...Array.from({ length: n_classes }, (_, i) => Number(i === k))]);
      tile(context, window.latentlab.run(found, code), drawn, style, [k * width, 0, width, height]);
    }
  }
  const later = () => (frame ||= requestAnimationFrame(draw));

  function say() {
    state.tell?.(state.z.map((value) => Math.round(value * 1e4) / 1e4));
    later();
  }

  function sliders() {
    rows.clear();
    $("sliders").replaceChildren();
    for (const dim of state.data.dims) {
      const element = document.createElement("label");
      element.className = dim.active ? "dimension" : "dimension inactive";
      element.innerHTML = '<span class="name"></span><output></output><input type="range" step="0.01">';
      const [name, number, range] = element.children;
      name.textContent = `${dim.name} · ${dim.carries}`;
      name.title = "How much it carries: the mean KL divergence from the prior (nats), or the variance of the code";
      Object.assign(range, { min: -state.data.limit, max: state.data.limit });
      range.setAttribute("aria-label", name.textContent);
      range.oninput = () => {
        state.z[dim.axis] = Number(range.value);
        later();
      };
      range.onchange = say;
      rows.set(dim.axis, {
        set(value) {
          range.value = value;
          number.textContent = value.toFixed(2);
        },
      });
      $("sliders").append(element);
    }
  }

  $("back").onclick = () => {
    state.z = [...state.data.start];
    say();
  };
  window.addEventListener("latentlab-program", later);

  return {
    update(data, tell) {
      const fresh = state.data?.nonce !== data.nonce;
      Object.assign(state, { data, tell });
      if (fresh) {
        state.z = [...data.z];
        host.dataset.draws = data.drawn.kind;
        sliders();
        const cell = `calc(100% / ${data.n_classes})`;
        const line = `calc(100% / ${data.n_classes} - 1px)`;
        $("lines").style.background = `repeating-linear-gradient(to right, transparent 0 ${line}, #606060 ${line} ${cell})`;
      }
      later();
    },
    stop() {
      cancelAnimationFrame(frame);
      window.removeEventListener("latentlab-program", later);
    },
  };
}

// The pixels of a cell: those of the image, or as many as the screen has for a vector.
function cell(canvas, drawn, n) {
  if (drawn.kind === "image") return [drawn.shape[2], drawn.shape[1]];
  const dense = Math.min(2, window.devicePixelRatio || 1);
  return [Math.floor((canvas.clientWidth / n) * dense), 9 * drawn.columns.length * dense];
}
