// Images that a person classifies, by key or by button. The answers live here and in the session of the browser's tab,
// so that a reload goes on where it was; Python gets them when the person stops, or has answered all.

export default function ({ data, parentElement, setStateValue }) {
  const host = parentElement.querySelector(".quiz");
  host.quiz ??= create(host);
  host.quiz.update(data, (answers) => setStateValue("answers", answers));
  return () => {
    delete host.quiz;
  };
}

function create(host) {
  const $ = (name) => host.querySelector(`.${name}`);
  const sheet = new Image();
  let [data, tell, said] = [null, null, "null"];
  let [answers, begun, done] = [[], false, false];
  const place = () => `latentlab quiz ${data.of}`;

  function restore() {
    let kept = null;
    try {
      kept = JSON.parse(sessionStorage.getItem(place()));
    } catch {
      // what isn't ours is nothing
    }
    const known = Array.isArray(kept?.answers) ? kept.answers : [];
    const isAnswer = (k) => Number.isInteger(k) && k >= 0 && k < data.classes.length;
    answers = known.length <= data.n && known.every(isAnswer) ? known : [];
    begun = answers.length > 0;
    done = begun && (kept.done === true || answers.length === data.n);
  }

  function changed() {
    try {
      sessionStorage.setItem(place(), JSON.stringify({ answers, done }));
    } catch {
      // a browser that keeps nothing still plays
    }
    say();
    draw();
  }

  function say() {
    const found = done ? answers : null;
    const text = JSON.stringify(found);
    if (text !== said) {
      said = text;
      tell(found);
    }
  }

  function draw() {
    const plays = begun && !done;
    const at = Math.min(answers.length, data.n - 1);
    $("start").hidden = plays || (done && answers.length === data.n);
    $("start").textContent = done ? "Go on" : "Start";
    $("undo").hidden = $("finish").hidden = !plays;
    $("undo").disabled = $("finish").disabled = answers.length === 0;
    $("again").hidden = !begun;
    $("game").hidden = !plays;
    Object.assign($("progress"), { max: data.n, value: answers.length });
    host.dataset.at = answers.length;
    host.dataset.state = done ? "done" : plays ? "plays" : "ready";
    const last = answers.length ? `; the last was “${data.classes[answers.at(-1)]}”` : "";
    $("status").textContent = done
      ? `${answers.length} of ${data.n} answered`
      : plays
        ? `Image ${at + 1} of ${data.n}${last}`
        : `${data.n} images, one key each; stop whenever you like`;
    const canvas = $("image");
    const [height, width] = data.shape;
    if (!plays || !sheet.complete || !sheet.naturalWidth) return;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const [column, row] = [at % data.columns, Math.floor(at / data.columns)];
    canvas.setAttribute("aria-label", `Image ${at + 1}`);
    const ink = canvas.getContext("2d");
    ink.clearRect(0, 0, width, height);
    ink.drawImage(sheet, column * width, row * height, width, height, 0, 0, width, height);
  }

  function answer(k) {
    if (!begun || done) return;
    answers = [...answers, k];
    done = answers.length === data.n;
    changed();
  }

  function undo() {
    if (!begun || done || !answers.length) return;
    answers = answers.slice(0, -1);
    changed();
  }

  function go() {
    [begun, done] = [true, false];
    changed();
    host.focus({ focusVisible: true });
  }

  function buttons() {
    $("classes").replaceChildren(
      ...data.classes.map((name, k) => {
        const button = document.createElement("button");
        button.type = "button";
        if (data.keys[k]) {
          const key = document.createElement("kbd");
          key.textContent = data.keys[k];
          button.append(key);
          button.setAttribute("aria-keyshortcuts", data.keys[k]);
        }
        button.append(name === data.keys[k] ? "" : name);
        button.setAttribute("aria-label", name);
        button.onclick = () => answer(k);
        return button;
      }),
    );
  }

  sheet.onload = () => draw();
  $("start").onclick = go;
  $("undo").onclick = undo;
  $("finish").onclick = () => {
    done = answers.length > 0;
    changed();
  };
  $("again").onclick = () => {
    answers = [];
    go();
  };
  host.onkeydown = (event) => {
    if (!begun || done || event.ctrlKey || event.metaKey || event.altKey) return;
    const k = event.key.length === 1 ? data.keys.indexOf(event.key.toLowerCase()) : -1;
    if (k < 0 && event.key !== "Backspace") return;
    event.preventDefault();
    event.stopPropagation(); // the page has keys of its own
    if (event.repeat) return;
    if (k >= 0) answer(k);
    else undo();
  };

  return {
    update(given, listener) {
      tell = listener;
      const fresh = data?.of !== given.of;
      data = given;
      if (fresh) {
        restore();
        buttons();
        sheet.src = `data:image/png;base64,${data.sheet}`;
      }
      say();
      draw();
      // after a reload in the middle of it the keys work at once
      if (fresh && begun && !done && document.activeElement === document.body) host.focus({ preventScroll: true });
    },
  };
}
