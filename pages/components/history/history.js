// The browser's history: Back leads to the last page or subject, and a page of the menu opens as it was left.
//
// Each change of the view changes the address. Only another page or another subject becomes an entry of the history.
// The address of each page is remembered for the visit, with the subject that was chosen then: a link of the menu leads
// to it as long as that is still the chosen one.
//
// On the way to another page Streamlit may write the address's new query before its new path. What was to be kept of the
// page that is left is then the address as it was when the visitor acted.

const MENU = ["TopNav", "TopNavPopover", "SidebarNav"].map((part) => `[data-testid='st${part}'] a[href]`).join();
const CARRIED = ["lesson", "present"]; // parameters of the visit, not of a page: on the next page they are as on this
const key = (path) => `latentlab ${path}`;
const subject = (search) => new URLSearchParams(search).get("run");

const visit = (window[Symbol.for("latentlab history")] ??= { chosen: "", listens: false, acted: "" }); // once for a tab

const remember = () =>
  sessionStorage.setItem(key(location.pathname), JSON.stringify({ search: location.search, chosen: visit.chosen }));

function isSameView(url) {
  const next = new URL(url, location.href);
  const now = subject(location.search);
  return next.pathname === location.pathname && (now === null || now === subject(next.search));
}

/** Whether the address already has the query of the page that is to come. */
function isAhead(url) {
  const [next, acted] = [new URL(url, location.href), new URL(visit.acted || location.href, location.href)];
  return next.pathname !== location.pathname && next.search === location.search && acted.pathname === location.pathname;
}

function listen() {
  const push = history.pushState.bind(history);
  const replace = history.replaceState.bind(history);
  for (const act of ["pointerdown", "keydown", "click"]) {
    document.addEventListener(act, () => { visit.acted = location.href; }, true);
  }
  history.pushState = (state, title, url) => {
    if (isAhead(url ?? location.href)) {
      replace(history.state, title, visit.acted);
      remember();
    }
    const change = isSameView(url ?? location.href) ? replace : push;
    change(state, title, url);
    remember();
  };
  history.replaceState = (state, title, url) => {
    replace(state, title, url);
    remember();
  };
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest(MENU) : null;
    if (link === null || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const path = new URL(link.href).pathname;
    const left = JSON.parse(sessionStorage.getItem(key(path)) ?? "null");
    if (left === null || left.chosen !== visit.chosen || left.search === "" || path === location.pathname) return;
    event.preventDefault();
    event.stopPropagation();
    const [next, now] = [new URLSearchParams(left.search), new URLSearchParams(location.search)];
    for (const name of CARRIED) {
      if (now.has(name)) next.set(name, now.get(name));
      else next.delete(name);
    }
    push({}, "", `${path}?${next}`);
    dispatchEvent(new PopStateEvent("popstate", { state: {} }));
  }, true);
}

// The pages that this browser has seen: a page explains itself to who comes for the first time.
function see(page) {
  const seen = document.cookie.match(/(?:^|; )latentlab_seen=([\w.]*)/)?.[1].split(".") ?? [];
  if (!seen.includes(page)) seen.push(page);
  document.cookie = `latentlab_seen=${seen.filter(Boolean).join(".")}; max-age=31536000; path=/; samesite=lax`;
}

export default function (component) {
  see(component.data.page);
  visit.chosen = component.data.chosen;
  if (!visit.listens) listen();
  visit.listens = true;
  remember();
}
