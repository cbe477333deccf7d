// The legend of a scatter: its classes with their counts, any number of them; a click, a search or a key says which are
// shown.

const MANY = 12; // classes from which on they can be searched

// A number to four digits; 1951 stays a year.
const fourDigits = (value) => String(Number(value.toPrecision(4)));

function legendOf(bar, show) {
  const $ = (name) => bar.querySelector(`.${name}`);
  const [ramp, tools, find, all, found, chips] = ["scale", "tools", "find", "all", "found", "chips"].map($);
  let [hidden, counts] = [new Set(), []];

  const listed = () => [...chips.children].filter((chip) => !chip.hidden);
  const place = (chip) => [...chips.children].indexOf(chip);
  const toggle = (k) => show(hidden.has(k) ? new Set([...hidden].filter((other) => other !== k)) : new Set([...hidden, k]));

  // Only some classes; all, if it is only these already.
  function only(kept) {
    const rest = new Set(counts.keys());
    for (const k of kept) rest.delete(k);
    show(rest.size === hidden.size && [...rest].every((k) => hidden.has(k)) ? new Set() : rest);
  }

  function chipOf(map, k) {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.innerHTML = '<i></i><span class="name"></span><span class="n"></span>';
    chip.children[0].textContent = GLYPHS[FORMS.indexOf(map.symbols[k])];
    chip.children[0].style.color = map.colours[k];
    chip.children[1].textContent = map.classes[k];
    chip.children[2].textContent = counts[k].toLocaleString("en");
    chip.title = `${map.classes[k]}\nClick: hide or show. Double click, or Shift and Enter: only this.`;
    chip.tabIndex = k ? -1 : 0; // one stop of the Tab key; the arrows go from chip to chip
    chip.onclick = () => toggle(k);
    chip.ondblclick = () => only([k]);
    return chip;
  }

  function search() {
    const text = find.value.trim().toLowerCase();
    for (const chip of chips.children) chip.hidden = !chip.children[1].textContent.toLowerCase().includes(text);
    const n = listed().length;
    found.textContent = text ? `${n} of ${chips.children.length} classes${n ? "; Enter: only these" : ""}` : "";
    stop(listed()[0]);
  }

  function stop(chip) {
    for (const other of chips.children) other.tabIndex = other === chip ? 0 : -1;
  }

  find.oninput = search;
  find.onkeydown = (event) => {
    if (event.key === "Enter" && listed().length) only(listed().map(place));
    if (event.key !== "Escape") return;
    find.value = "";
    search();
  };
  all.onclick = () => {
    find.value = "";
    search();
    show(new Set());
  };
  chips.onkeydown = (event) => {
    const chip = event.target.closest("button");
    if (event.key === "Enter" && event.shiftKey) only([place(chip)]);
    else {
      const there = listed();
      const at = there.indexOf(chip);
      const steps = { ArrowLeft: at - 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowDown: at + 1, Home: 0, End: there.length - 1 };
      if (!(event.key in steps)) return;
      const next = there[Math.max(0, Math.min(there.length - 1, steps[event.key]))];
      stop(next);
      next.focus();
    }
    event.preventDefault();
  };

  return {
    draw(map) {
      const none = map.classes.length === 1 && map.symbols[0] === "circle-open";
      counts = new Array(map.classes.length).fill(0);
      for (const label of map.label) counts[label]++;
      ramp.hidden = !map.scale;
      if (map.scale) {
        ramp.children[0].textContent = `${map.scale.name} ${fourDigits(map.scale.low)}`;
        ramp.children[2].textContent = fourDigits(map.scale.high);
      }
      chips.hidden = Boolean(map.scale) || none;
      find.hidden = chips.hidden || map.classes.length <= MANY;
      find.value = "";
      chips.replaceChildren(...(chips.hidden ? [] : map.classes.map((_, k) => chipOf(map, k))));
      search();
      if (none && !map.scale) found.textContent = `${map.n.toLocaleString("en")} examples without a class`;
    },
    mark(now) {
      hidden = now;
      [...chips.children].forEach((chip, k) => chip.setAttribute("aria-pressed", String(!hidden.has(k))));
      all.hidden = !hidden.size;
      tools.hidden = find.hidden && all.hidden && !found.textContent;
    },
  };
}
