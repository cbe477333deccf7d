// Plays a stream that a chart of the page has drawn: what is still to come is covered, and less of it with each reading.
// Nothing is asked of Python.

const SECONDS = 30; // that a whole stream takes to play
const EVERY = 50; // milliseconds between two pictures
const CALM = [1000, 12]; // where motion is unwelcome: milliseconds between two pictures, and pictures of a stream

export default function ({ data, parentElement }) {
  const host = parentElement.querySelector(".stream-player");
  host.player ??= create(host);
  host.player.update(data);
  return () => {
    host.player?.stop();
    delete host.player;
  };
}

function create(host) {
  const $ = (name) => host.querySelector(`.${name}`);
  let [data, key, at, timer, said] = [null, "", 0, 0, ""];
  let covers = [];
  const last = () => data.x.length - 1;
  const watcher = new ResizeObserver(() => cover());

  function chart() {
    return document.querySelector(`.st-key-${data.chart} .js-plotly-plot`);
  }

  // How far to the right the reading lies, from 0 to 1, on an axis that may have been zoomed.
  function share(plot) {
    const ends = (plot.layout?.xaxis?.range ?? []).map((end) =>
      typeof end === "number" ? end : Date.parse(`${end}`.replace(" ", "T") + (`${end}`.length > 10 ? "Z" : "")),
    );
    const [low, high] = ends.length === 2 && ends.every(Number.isFinite) ? ends : [data.x[0], data.x[last()]];
    return Math.min(1, Math.max(0, (data.x[at] - low) / (high - low || 1)));
  }

  function uncover() {
    for (const one of covers) one.remove();
    covers = [];
  }

  function cover() {
    const plot = chart();
    const frame = plot?.querySelector(".svg-container");
    if (!frame?.querySelector(".nsewdrag") || at === last()) return uncover();
    const areas = [...frame.querySelectorAll(".nsewdrag")].map((one) => one.getBoundingClientRect());
    const titles = [...frame.querySelectorAll(".annotation")].map((one) => one.getBoundingClientRect().right);
    const [outer, left] = [frame.getBoundingClientRect(), areas[0].left + share(plot) * areas[0].width];
    const beside = Math.max(left, ...titles); // between two panels stands the title of the lower one
    const gaps = areas.slice(1).map((one, k) => ({ left: beside, top: areas[k].bottom, bottom: one.top }));
    const parts = [...areas.map(({ top, bottom }) => ({ left, top, bottom })), ...gaps];
    if (covers.length !== parts.length || covers.some((one) => one.parentElement !== frame)) {
      uncover();
      covers = parts.map(() => frame.appendChild(document.createElement("div")));
    }
    const background = getComputedStyle(host).getPropertyValue("--st-background-color") || "Canvas";
    parts.forEach((part, k) => {
      Object.assign(covers[k].style, {
        position: "absolute",
        pointerEvents: "none",
        background,
        left: `${part.left - outer.left}px`,
        top: `${part.top - outer.top}px`,
        width: `${Math.max(0, areas[0].right - part.left + 1)}px`,
        height: `${part.bottom - part.top}px`,
      });
    });
  }

  function say() {
    const alarms = data.alarms.filter((one) => one.raised <= at);
    const open = alarms.find((one) => at < one.end);
    const count = `${alarms.length || "No"} alarm${alarms.length === 1 ? "" : "s"} ${at === last() ? "in all" : "so far"}`;
    const text = open ? `Alarm, raised at ${data.when[open.raised]}` : count;
    if (text !== said) $("status").textContent = said = text; // which is read aloud, so only what changes
    Object.assign($("status").style, { fontWeight: open ? "600" : "", opacity: open ? "1" : "" });
    $("now").textContent = data.when[at];
    $("at").value = at;
    $("at").setAttribute("aria-valuetext", `${data.when[at]}. ${text}`);
    host.dataset.at = at;
  }

  function go(to) {
    at = Math.min(last(), Math.max(0, Math.round(to)));
    cover();
    say();
  }

  function play(plays) {
    clearInterval(timer);
    timer = 0;
    $("play").textContent = plays ? "❚❚ Pause" : "▶ Play";
    $("play").setAttribute("aria-pressed", String(plays));
    if (!plays) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const [pause, pictures] = calm ? CALM : [EVERY, (1000 * SECONDS) / EVERY];
    let place = at === last() ? 0 : at;
    go(place);
    timer = setInterval(() => {
      place += (last() / pictures) * Number($("speed").value);
      go(place);
      if (at === last()) play(false);
    }, pause);
  }

  $("play").onclick = () => play(!timer);
  $("at").oninput = () => {
    play(false);
    go(Number($("at").value));
  };

  return {
    update(given) {
      const found = JSON.stringify(given);
      if (found === key) return;
      const isOther = !data || data.x.length !== given.x.length || data.of !== given.of;
      [data, key] = [given, found];
      $("at").max = last();
      if (isOther) {
        play(false);
        at = last();
      }
      watcher.disconnect();
      if (chart()) watcher.observe(chart());
      go(at);
    },
    stop() {
      clearInterval(timer);
      watcher.disconnect();
      uncover();
    },
  };
}
