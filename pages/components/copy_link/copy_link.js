// Copies the address of the page; says for a second that it did, or shows the address where copying isn't allowed.
export default function ({ parentElement }) {
  const button = parentElement.querySelector("button");
  let timer;
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(window.location.href);
      button.textContent = "Copied";
    } catch {
      window.prompt("Copy this link:", window.location.href);
    }
    clearTimeout(timer);
    timer = setTimeout(() => (button.textContent = "Copy link"), 1500);
  };
  return () => clearTimeout(timer);
}
