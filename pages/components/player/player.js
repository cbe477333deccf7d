// Plays positions one after the other: Python shows the next on request, and the player waits until it has.

const PAUSE = 900; // milliseconds at a position

export default function ({ data, parentElement, setTriggerValue }) {
  const button = parentElement.querySelector(".play");
  const player = (button.player ??= { plays: false, timer: 0 });
  parentElement.querySelector(".status").textContent = data.said;
  const isLast = data.at === data.n - 1;
  const show = (plays) => {
    player.plays = plays;
    button.textContent = plays ? "❚❚ Pause" : "▶ Play";
    button.setAttribute("aria-pressed", String(plays));
  };
  const next = () => setTriggerValue("next", true);
  clearTimeout(player.timer);
  if (player.plays && isLast) show(false);
  else if (player.plays && data.ready) player.timer = setTimeout(next, PAUSE);
  button.onclick = () => {
    show(!player.plays);
    clearTimeout(player.timer);
    if (player.plays) next();
  };
  return () => clearTimeout(player.timer);
}
