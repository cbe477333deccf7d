// The classes of the points as buttons: those that are pressed stand out on the plane; all do while none is.
function legendOn(element, changed) {
  const only = new Set();
  let drawn = "";

  function key(name, mark, colour, k) {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    const glyph = Object.assign(document.createElement("b"), { textContent: mark });
    glyph.style.color = colour;
    button.append(glyph, ...(name === mark ? [] : [` ${name}`]));
    button.setAttribute("aria-label", `Class ${name}`);
    button.setAttribute("aria-pressed", only.has(k));
    button.onclick = () => {
      only.delete(k) || only.add(k);
      button.setAttribute("aria-pressed", only.has(k));
      changed();
    };
    return button;
  }

  return {
    only,
    update({ classes, marks, colours, nonce, points: { labels } }) {
      const now = JSON.stringify([nonce, colours]);
      if (now === drawn) return;
      drawn = now;
      const there = new Set(labels);
      for (const k of only) if (!there.has(k)) only.delete(k);
      const keys = classes.flatMap((name, k) => (there.has(k) ? [key(name, marks[k], colours[k % colours.length], k)] : []));
      element.hidden = keys.length < 2;
      element.replaceChildren(...keys);
    },
  };
}
