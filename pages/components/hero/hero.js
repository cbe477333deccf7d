// A small live plane: images everywhere, and a large one at the pointer. It moves by itself until it is touched.

const SIDE = 14; // images along the plane
const ROUND = 24; // s of the way that it goes by itself

export default function ({ data, parentElement, setTriggerValue }) {
  const host = parentElement.querySelector(".hero");
  const [plane, image] = [host.querySelector(".plane"), host.querySelector(".image")];
  const picture = exampleOn(image);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const program = () => window.latentlab?.programs.get(data.program);
  const decode = (x, y) => run(program(), Float32Array.of(x, y));
  let [frame, place, touched, shown] = [0, [0.4, 0.3], false, ""];
  const back = document.createElement("canvas");

  function tiles() {
    const now = `${data.program} ${plane.clientWidth}`;
    if (now === shown) return;
    shown = now;
    const side = Math.max(1, Math.round((plane.clientWidth * Math.min(2, devicePixelRatio || 1)) / SIDE));
    for (const each of [plane, back]) Object.assign(each, { width: side * SIDE, height: side * SIDE });
    const [ink, style] = [back.getContext("2d"), styleOf(host)];
    for (let row = 0; row < SIDE; row++)
      for (let column = 0; column < SIDE; column++) {
        const at = (k) => (((k + 0.5) / SIDE) * 2 - 1) * data.limit;
        tile(ink, decode(at(column), -at(row)), data.drawn, style, [column * side, row * side, side, side]);
      }
  }

  function draw(time) {
    frame = requestAnimationFrame(draw);
    if (!program() || !plane.clientWidth) return;
    tiles();
    if (!touched && !still) {
      const angle = (2 * Math.PI * time) / 1000 / ROUND;
      place = [0.62 * data.limit * Math.sin(angle), 0.62 * data.limit * Math.sin(2 * angle + 0.6)];
    }
    picture.show(decode(...place), data.drawn, "");
    const ink = plane.getContext("2d");
    ink.globalAlpha = 0.55;
    ink.fillStyle = "#000";
    ink.fillRect(0, 0, plane.width, plane.height);
    ink.globalAlpha = 0.6;
    ink.drawImage(back, 0, 0);
    ink.globalAlpha = 1;
    const [x, y] = place.map((value, k) => ((k ? -value : value) / data.limit / 2 + 0.5) * plane.width);
    for (const [width, stroke] of [[0.02, "#000"], [0.01, getComputedStyle(host).getPropertyValue("--mark").trim()]]) {
      ink.beginPath();
      ink.arc(x, y, 0.035 * plane.width, 0, 7);
      ink.lineWidth = width * plane.width;
      ink.strokeStyle = stroke;
      ink.stroke();
    }
  }

  const at = (event) => {
    const box = plane.getBoundingClientRect();
    const share = [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height];
    return share.map((value) => (2 * Math.min(1, Math.max(0, value)) - 1) * data.limit);
  };
  plane.onpointermove = (event) => {
    [touched, place] = [true, at(event)];
  };
  plane.onpointerleave = () => {
    touched = false;
  };
  plane.onclick = (event) => setTriggerValue("place", at(event));
  plane.onkeydown = (event) => {
    const by = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] }[event.key];
    if (event.key === "Enter") setTriggerValue("place", place);
    if (!by) return;
    event.preventDefault();
    [touched, place] = [true, place.map((value, k) => Math.min(data.limit, Math.max(-data.limit, value + by[k])))];
  };
  frame = requestAnimationFrame(draw);
  return () => cancelAnimationFrame(frame);
}
