// Runs what latentlab/export/decoder.py writes: a decoder as plain steps over typed arrays.
// parse(bytes) once, then run(program, z) for each image; buffers are made once, so a frame leaves no garbage.

const halves = new Float32Array(65536); // every half-precision number there is
for (let bits = 0; bits < 65536; bits++) {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction ? NaN : Infinity
        : (1 + fraction / 1024) * 2 ** (exponent - 15);
  halves[bits] = bits & 32768 ? -size : size;
}

function parse(bytes) {
  const { head: program, body } = unframed(bytes);
  const numbers = new Uint16Array(body.buffer);
  let size = program.z_dim;
  for (const step of program.steps) {
    step.arrays = step.arrays.map(([start, count]) =>
      Float32Array.from(numbers.subarray(start, start + count), (half) => halves[half]),
    );
    if (step.op === "linear") step.arrays[0] = transposed(step.arrays[0], step.n_out, step.n_in);
    size = step.n_out ?? (step.out ? step.out[0] * step.out[1] * step.out[2] : size);
    step.result = new Float32Array(size);
  }
  return program;
}

function run(program, z) {
  let x = z;
  for (const step of program.steps) {
    steps[step.op](step, x, step.result, z);
    x = step.result;
  }
  return x; // the last step's buffer: read it before the next run
}

function transposed(matrix, rows, columns) {
  const out = new Float32Array(matrix.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = matrix[r * columns + c];
  return out;
}

// Abramowitz & Stegun (1964), 7.1.26: error below 1.5e-7.
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - poly * Math.exp(-x * x));
}

const each = (f) => (step, x, y) => {
  for (let i = 0; i < y.length; i++) y[i] = f(x[i], step);
};

const steps = {
  affine({ channels, size, arrays: [scale, shift] }, x, y) {
    for (let c = 0; c < channels; c++)
      for (let i = c * size; i < (c + 1) * size; i++) y[i] = x[i] * scale[c] + shift[c];
  },

  // Weights lie input by input, so inputs that a ReLU silenced cost nothing; four at a time spare three of four stores.
  linear({ n_in, n_out, arrays: [weight, bias] }, x, y) {
    y.set(bias);
    const live = [];
    for (let i = 0; i < n_in; i++) if (x[i] !== 0) live.push(i);
    let k = 0;
    for (; k + 3 < live.length; k += 4) {
      const [i0, i1, i2, i3] = [live[k], live[k + 1], live[k + 2], live[k + 3]];
      const [x0, x1, x2, x3] = [x[i0], x[i1], x[i2], x[i3]];
      const [w0, w1, w2, w3] = [i0 * n_out, i1 * n_out, i2 * n_out, i3 * n_out];
      for (let o = 0; o < n_out; o++)
        y[o] += x0 * weight[w0 + o] + x1 * weight[w1 + o] + x2 * weight[w2 + o] + x3 * weight[w3 + o];
    }
    for (; k < live.length; k++) {
      const [xi, w] = [x[live[k]], live[k] * n_out];
      for (let o = 0; o < n_out; o++) y[o] += xi * weight[w + o];
    }
  },

  convolve(step, x, y) {
    const [n_in, height, width] = step.in;
    const [n_out, high, wide] = step.out;
    const { kernel: [kh, kw], stride: [sy, sx], padding: [py, px], arrays: [weight, bias] } = step;
    for (let o = 0; o < n_out; o++) {
      y.fill(bias[o], o * high * wide, (o + 1) * high * wide);
      for (let c = 0; c < n_in; c++)
        for (let ky = 0; ky < kh; ky++)
          for (let kx = 0; kx < kw; kx++) {
            const w = weight[((o * n_in + c) * kh + ky) * kw + kx];
            for (let oy = 0; oy < high; oy++) {
              const iy = oy * sy - py + ky;
              if (iy < 0 || iy >= height) continue;
              const [from, to] = [(c * height + iy) * width - px + kx, (o * high + oy) * wide];
              const first = Math.max(0, Math.ceil((px - kx) / sx));
              const last = Math.min(wide - 1, Math.floor((width - 1 + px - kx) / sx));
              for (let ox = first; ox <= last; ox++) y[to + ox] += w * x[from + ox * sx];
            }
          }
    }
  },

  transpose(step, x, y) {
    const [n_in, height, width] = step.in;
    const [n_out, high, wide] = step.out;
    const { kernel: [kh, kw], stride: [sy, sx], padding: [py, px], arrays: [weight, bias] } = step;
    for (let o = 0; o < n_out; o++) y.fill(bias[o], o * high * wide, (o + 1) * high * wide);
    for (let c = 0; c < n_in; c++)
      for (let o = 0; o < n_out; o++)
        for (let ky = 0; ky < kh; ky++)
          for (let kx = 0; kx < kw; kx++) {
            const w = weight[((c * n_out + o) * kh + ky) * kw + kx];
            const first = Math.max(0, Math.ceil((px - kx) / sx));
            const last = Math.min(width - 1, Math.floor((wide - 1 + px - kx) / sx));
            for (let iy = 0; iy < height; iy++) {
              const oy = iy * sy - py + ky;
              if (oy < 0 || oy >= high) continue;
              const [from, to] = [(c * height + iy) * width, (o * high + oy) * wide - px + kx];
              for (let ix = first; ix <= last; ix++) y[to + ix * sx] += w * x[from + ix];
            }
          }
  },

  recall(step, x, y, z) {
    y.set(x);
    y.set(z, x.length);
  },

  relu: each((x) => (x > 0 || x !== x ? x : 0)),
  "leaky-relu": each((x, { slope }) => (x > 0 ? x : slope * x)),
  elu: each((x, { slope }) => (x > 0 ? x : slope * Math.expm1(x))),
  gelu: each((x) => (x * (1 + erf(x * Math.SQRT1_2))) / 2),
  silu: each((x) => x / (1 + Math.exp(-x))),
  tanh: each(Math.tanh),
  clip: each((x) => (x > 1 ? 1 : x < 0 ? 0 : x)),
  sigmoid: each((x) => 1 / (1 + Math.exp(-x))),
  softplus: each((x) => (x > 20 ? x : Math.log1p(Math.exp(x)))),
  "continuous-bernoulli": each((x) => (Math.abs(x) < 0.05 ? 0.5 + x / 12 : 1 / -Math.expm1(-x) - 1 / x)),
};
