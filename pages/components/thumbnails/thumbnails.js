// Small pictures of which one is chosen; as among radio buttons, the arrow keys move.

export default function ({ data, parentElement, setTriggerValue }) {
  const host = parentElement.querySelector(".thumbnails");
  host.setAttribute("aria-label", data.label);
  const buttons = data.offered.map(({ name, png }) => {
    const button = document.createElement("button");
    const picture = Object.assign(document.createElement("img"), { src: `data:image/png;base64,${png}`, alt: "" });
    Object.assign(button, { type: "button", onclick: () => setTriggerValue("choice", name) });
    button.setAttribute("role", "radio");
    button.setAttribute("aria-checked", name === data.chosen);
    button.tabIndex = name === data.chosen || !data.offered.some((one) => one.name === data.chosen) ? 0 : -1;
    button.append(picture, name);
    return button;
  });
  host.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    const at = buttons.indexOf(host.getRootNode().activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    buttons[(at + step + buttons.length) % buttons.length].focus();
  };
  const at = [...host.children].indexOf(host.getRootNode().activeElement);
  host.replaceChildren(...buttons);
  if (at >= 0) buttons[at]?.focus();
}
