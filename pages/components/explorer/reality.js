// How far a place is from the codes of examples: the mean distance to the nearest of them, as neighbour_distance() in
// latentlab/analysis/latent/support.py, held against that of the codes themselves among each other.

const CELLS = 48; // along a side of the shade
const EDGE = 95; // % of the examples that are nearer to others than a place that isn't among them

function realityOf(codes, n, near) {
  const count = n ? codes.length / n : 0;
  const found = new Float64Array(near);

  // The mean distance from z to the nearest codes, without code number `skip`.
  function distance(z, offset = 0, skip = -1) {
    found.fill(Infinity);
    for (let i = 0; i < count; i++) {
      if (i === skip) continue;
      let sum = 0;
      for (let k = 0, at = i * n; k < n && sum < found[near - 1]; k++, at++) sum += (z[offset + k] - codes[at]) ** 2;
      if (sum >= found[near - 1]) continue;
      let place = near - 1;
      for (; place > 0 && found[place - 1] > sum; place--) found[place] = found[place - 1];
      found[place] = sum;
    }
    return found.reduce((total, square) => total + Math.sqrt(square), 0) / near;
  }

  if (count <= near) return null;
  const among = Float64Array.from({ length: count }, (_, i) => distance(codes, i * n, i)).sort();
  return {
    near,
    distance,
    usual: among[Math.floor(0.5 * (count - 1))],
    far: among[Math.floor(0.99 * (count - 1))],
    // The share of examples that have the others nearer than this.
    share: (d) => among.filter((other) => other < d).length / count,
  };
}

// Where a place lies, and the sentence that says it.
function words(reality, d) {
  const distance = `${d.toFixed(2)} σ to the ${reality.near} nearest examples`;
  const nearer = Math.round(100 * reality.share(d));
  if (d > reality.far)
    return ["far", `Far from the data: ${distance}, ${(d / reality.far).toFixed(1)} times as far as 99 % of them have it.`];
  if (nearer >= EDGE)
    return ["edge", `At the edge of the data or between them: ${distance}; ${nearer} % of them have it nearer.`];
  return ["among", `Among the data: ${distance}; ${nearer} % of them have it nearer.`];
}
