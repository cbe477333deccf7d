// Many points on a canvas: WebGL draws them, a grid of cells finds the one under the pointer.

// The symbols that can be drawn, by the names that the figures have for them, and how a legend writes them.
const FORMS = ["circle", "square", "diamond", "cross", "circle-open"];
const GLYPHS = "●■◆✚○";

const VERTEX = `
attribute vec2 place;
attribute vec4 colour;
attribute float shape;
uniform vec4 view; // centre x, y and scale x, y: place to clip space
uniform float size;
varying vec4 paint;
varying float form;
void main() {
  gl_Position = vec4((place - view.xy) * view.zw, 0.0, 1.0);
  gl_PointSize = size;
  paint = colour;
  form = shape;
}`;

const FRAGMENT = `
precision mediump float;
varying vec4 paint;
varying float form;
void main() {
  vec2 p = gl_PointCoord * 2.0 - 1.0;
  vec2 a = abs(p);
  float inside = form < 0.5 ? 1.0 - length(p)
    : form < 1.5 ? 0.8 - max(a.x, a.y)
    : form < 2.5 ? 1.0 - (a.x + a.y)
    : form < 3.5 ? max(min(1.0 - a.x, 0.4 - a.y), min(0.4 - a.x, 1.0 - a.y))
    : 0.3 - abs(0.7 - length(p));
  float edge = smoothstep(0.0, 0.25, inside);
  if (edge * paint.a < 0.02) discard;
  gl_FragColor = vec4(paint.rgb * edge * paint.a, edge * paint.a);
}`;

function pointsOn(canvas) {
  const gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true });
  if (!gl) return flatOn(canvas);
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  const buffers = {};
  const behind = { picture: gl.createFramebuffer(), pixels: gl.createRenderbuffer(), width: 0, height: 0 };

  function drawBehind() {
    const { width, height } = canvas;
    gl.bindFramebuffer(gl.FRAMEBUFFER, behind.picture);
    if (behind.width === width && behind.height === height) return;
    Object.assign(behind, { width, height });
    gl.bindRenderbuffer(gl.RENDERBUFFER, behind.pixels);
    gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGBA8, width, height);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, behind.pixels);
  }

  function fill(name, array, width, type, normalised) {
    buffers[name] ??= gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers[name]);
    gl.bufferData(gl.ARRAY_BUFFER, array, gl.STATIC_DRAW);
    const at = gl.getAttribLocation(program, name);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, width, type, normalised, 0, 0);
  }

  return {
    places: (xy) => fill("place", xy, 2, gl.UNSIGNED_SHORT, true),
    colours: (rgba) => fill("colour", rgba, 4, gl.UNSIGNED_BYTE, true),
    shapes: (shape) => fill("shape", shape, 1, gl.UNSIGNED_BYTE, false),
    // A new picture: on the canvas, or behind it until `show`.
    begin([x, y, scale_x, scale_y], size, hidden) {
      if (hidden) drawBehind();
      else gl.bindFramebuffer(gl.FRAMEBUFFER, null);
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.uniform4f(gl.getUniformLocation(program, "view"), x, y, scale_x, scale_y);
      gl.uniform1f(gl.getUniformLocation(program, "size"), size);
    },
    add: (from, n) => gl.drawArrays(gl.POINTS, from, n),
    show() {
      gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null);
      gl.blitFramebuffer(0, 0, canvas.width, canvas.height, 0, 0, canvas.width, canvas.height, gl.COLOR_BUFFER_BIT, gl.NEAREST);
    },
    // The time when what was drawn is done: reading a pixel waits for it.
    wait() {
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
      return performance.now();
    },
  };
}

// Without WebGL: the same points, drawn one by one.
function flatOn(canvas) {
  const front = canvas.getContext("2d");
  const behind = document.createElement("canvas").getContext("2d");
  let ink = front;
  const kept = {};
  const forms = [
    (x, y, r) => ink.arc(x, y, r, 0, 7),
    (x, y, r) => ink.rect(x - 0.8 * r, y - 0.8 * r, 1.6 * r, 1.6 * r),
    (x, y, r) => [[0, -r], [r, 0], [0, r], [-r, 0]].forEach(([a, b], k) => (k ? ink.lineTo(x + a, y + b) : ink.moveTo(x + a, y + b))),
    (x, y, r) => [[0.9, 0.3], [0.3, 0.9]].forEach(([a, b]) => ink.rect(x - a * r, y - b * r, 2 * a * r, 2 * b * r)),
    (x, y, r) => [1, 0.5].forEach((share, k) => (ink.moveTo(x + share * r, y), ink.arc(x, y, share * r, 0, 2 * Math.PI, k === 1))),
  ];
  return {
    places: (xy) => (kept.xy = xy),
    colours: (rgba) => (kept.rgba = rgba),
    shapes: (shape) => (kept.shape = shape),
    begin(view, size, hidden) {
      Object.assign(kept, { view, size });
      ink = hidden ? behind : front;
      if (hidden) Object.assign(behind.canvas, { width: canvas.width, height: canvas.height });
      else front.clearRect(0, 0, canvas.width, canvas.height);
    },
    add(from, n) {
      const { xy, rgba, shape, size } = kept;
      const [x, y, scale_x, scale_y] = kept.view;
      for (let i = from; i < from + n; i++) {
        if (!rgba[4 * i + 3]) continue;
        const px = ((xy[2 * i] / 65535 - x) * scale_x + 1) * 0.5 * canvas.width;
        const py = (1 - (xy[2 * i + 1] / 65535 - y) * scale_y) * 0.5 * canvas.height;
        if (px < -size || py < -size || px > canvas.width + size || py > canvas.height + size) continue;
        ink.fillStyle = `rgba(${rgba[4 * i]},${rgba[4 * i + 1]},${rgba[4 * i + 2]},${rgba[4 * i + 3] / 255})`;
        ink.beginPath();
        forms[shape[i]](px, py, size / 2);
        ink.fill();
      }
    },
    show() {
      front.clearRect(0, 0, canvas.width, canvas.height);
      front.drawImage(behind.canvas, 0, 0);
    },
    wait: () => performance.now(),
  };
}

// Which point is nearest to a place: points sorted into square cells, searched ring by ring.
function cellsOf(xy, n) {
  const side = Math.max(1, Math.min(512, Math.ceil(Math.sqrt(n / 4))));
  const cell = (i) => Math.min(side - 1, (xy[2 * i + 1] * side) >> 16) * side + Math.min(side - 1, (xy[2 * i] * side) >> 16);
  const starts = new Uint32Array(side * side + 1);
  for (let i = 0; i < n; i++) starts[cell(i) + 1]++;
  for (let c = 0; c < side * side; c++) starts[c + 1] += starts[c];
  const [next, members] = [starts.slice(), new Uint32Array(n)];
  for (let i = 0; i < n; i++) members[next[cell(i)]++] = i;

  // x, y in 0 ... 65535; reach in the same unit along x, and `aspect` times that along y.
  return function nearest(x, y, reach, aspect, shown) {
    const column = Math.floor((x * side) / 65536);
    const row = Math.floor((y * side) / 65536);
    const around = Math.ceil((reach * Math.max(1, aspect) * side) / 65536);
    let [best, least] = [-1, reach * reach];
    for (let r = Math.max(0, row - around); r <= Math.min(side - 1, row + around); r++)
      for (let c = Math.max(0, column - around); c <= Math.min(side - 1, column + around); c++)
        for (let k = starts[r * side + c]; k < starts[r * side + c + 1]; k++) {
          const i = members[k];
          const [dx, dy] = [xy[2 * i] - x, (xy[2 * i + 1] - y) / aspect];
          const far = dx * dx + dy * dy;
          if (far < least && shown(i)) [best, least] = [i, far];
        }
    return best;
  };
}

function insideOf(polygon) {
  return (x, y) => {
    let inside = false;
    for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
      const [[ax, ay], [bx, by]] = [polygon[i], polygon[j]];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    }
    return inside;
  };
}

// Viridis (van der Walt & Smith 2015) at nine places, joined by straight lines.
const VIRIDIS = [
  [68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141],
  [39, 173, 129], [92, 200, 99], [170, 220, 50], [253, 231, 37],
];
function viridis(byte) {
  if (!byte) return [136, 136, 136]; // there is no number
  const at = ((byte - 1) / 254) * (VIRIDIS.length - 1);
  const [low, share] = [Math.min(VIRIDIS.length - 2, Math.floor(at)), at - Math.min(VIRIDIS.length - 2, Math.floor(at))];
  return VIRIDIS[low].map((value, channel) => value + share * (VIRIDIS[low + 1][channel] - value));
}
