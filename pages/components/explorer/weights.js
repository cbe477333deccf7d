// Keeps the decoder that Python sent, under its id, for every explorer on the page; says when it is there.
export default function ({ data }) {
  const shared = ofPage();
  shared.run ??= run; // the map's sprites may have been there first, without it
  const program = parse(data);
  shared.programs.delete(program.id);
  shared.programs.set(program.id, program);
  while (shared.programs.size > 4) shared.programs.delete(shared.programs.keys().next().value);
  window.dispatchEvent(new Event("latentlab-program"));
}
