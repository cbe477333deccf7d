// Three dimensions on a plane: a box that is turned by dragging.

const SIDES = [[0, 1], [2, 3], [4, 5], [6, 7], [0, 2], [1, 3], [4, 6], [5, 7], [0, 4], [1, 5], [2, 6], [3, 7]];

function turnOf() {
  let [yaw, pitch] = [0.5, 0.35];

  // A place of the box, each coordinate in 0 ... 1 -> across, up and towards the viewer, in 0 ... 1 as well.
  function towards() {
    const [a, b, c, d] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
    const scale = 1 / Math.sqrt(3);
    return (x, y, z) => {
      [x, y, z] = [(x - 0.5) * scale, (y - 0.5) * scale, (z - 0.5) * scale];
      const near = -b * x + a * z;
      return [0.5 + a * x + b * z, 0.5 + c * y - d * near, 0.5 + d * y + c * near];
    };
  }

  return {
    by(dx, dy) {
      yaw += dx / 150;
      pitch = Math.max(-Math.PI / 2, Math.min(Math.PI / 2, pitch + dy / 150));
    },
    // Where the points of a map are seen, and how near.
    project(map) {
      const seen = towards();
      map.xy = new Uint16Array(2 * map.n);
      map.near = new Float32Array(map.n);
      for (let i = 0; i < map.n; i++) {
        const [x, y, near] = seen(...[0, 1, 2].map((k) => map.xyz[3 * i + k] / 65535));
        map.xy[2 * i] = 65535 * x + 0.5;
        map.xy[2 * i + 1] = 65535 * y + 0.5;
        map.near[i] = near;
      }
    },
    // The edges of the box, and its axes' names: [[x, y], [x, y]] each, and [name, x, y].
    box(names) {
      const seen = towards();
      const corners = [...Array(8).keys()].map((k) => seen(k & 1, (k >> 1) & 1, (k >> 2) & 1));
      return {
        edges: SIDES.map(([a, b]) => [corners[a], corners[b]]),
        names: names.map((name, k) => [name, ...seen(...[0, 1, 2].map((axis) => (axis === k ? 1.08 : 0)))]),
      };
    },
  };
}
