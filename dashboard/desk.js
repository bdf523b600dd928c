/* Weeks from Monday, and keys of the desk: they press what is on the page anyway. Inside a box that is typed into none of them counts. */
(() => {
  /* Calendars begin with Monday, as ISO dates do; the browser's own language would say Sunday. */
  const week = Intl.Locale.prototype.getWeekInfo;
  Intl.Locale.prototype.getWeekInfo = function weekFromMonday() {
    const own = week ? week.call(this) : { weekend: [6, 7], minimalDays: 4 };
    return { ...own, firstDay: 1 };
  };
  /* Where the desk is: Streamlit would first ask below the page's own address, wait, and ask again whom to obey. The
     first visit goes that way, as its answer sets the cookie without which nothing is taken from this browser. */
  if (document.cookie.includes("_streamlit_xsrf=")) {
    window.__streamlit = {
      BACKEND_BASE_URL: location.origin,
      HOST_CONFIG: { allowedOrigins: [location.origin], useExternalAuthToken: false },
    };
  }
  const pages = {
    t: "", r: "runs", d: "data", f: "features", m: "model", i: "predictions", o: "trends", p: "report", a: "audit",
    s: "schedules", c: "compare", n: "start",
  };
  /* A page without an entry of its own marks that of the pages it belongs to (GROUPS in heading.py). */
  const within = {
    profiles: "", start: "runs", run: "runs", compare: "runs", features: "data", predictions: "model", trends: "model",
  };
  const mark = () => {
    /* What a phone opens the bar with has the word "Menu" on it (desk.css), and is called so. */
    document.querySelector('[data-testid="stExpandSidebarButton"]')?.setAttribute("aria-label", "Menu");
    const here = location.pathname.split("/").pop();
    const links = document.querySelectorAll('[data-testid="stTopNavLink"], [data-testid="stSidebarNavLink"]');
    for (const link of links) {
      const belongs = here in within && new URL(link.href).pathname.split("/").pop() === within[here];
      if (belongs) link.setAttribute("aria-current", "true");
      else if (link.getAttribute("aria-current") === "true") link.removeAttribute("aria-current");
    }
    return links.length;
  };
  /* The bar comes with the page's own script, and on a phone when it is opened. */
  const markSoon = (tries) => {
    if (!mark() && tries) setTimeout(markSoon, 100, tries - 1);
  };
  document.addEventListener("DOMContentLoaded", () => {
    const title = document.querySelector("title");
    if (title) new MutationObserver(() => markSoon(50)).observe(title, { childList: true });
    markSoon(100);
  });
  document.addEventListener("click", () => setTimeout(markSoon, 250, 3));
  /* On a slow machine the address changes long after the press, and after the title. */
  for (const name of ["pushState", "replaceState"]) {
    const own = history[name];
    history[name] = function marked(...words) {
      const result = own.apply(this, words);
      setTimeout(markSoon, 0, 50);
      return result;
    };
  }
  /* What is shown by its beginning is copied whole; off TLS a browser has no clipboard, and copies what is marked. */
  const copy = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const box = document.body.appendChild(Object.assign(document.createElement("textarea"), { value: text }));
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    if (!done) throw new Error("nothing was copied");
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("button[data-copy]");
    if (!button) return;
    const word = await copy(button.dataset.copy).then(() => "check", () => "error");
    button.textContent = word;
    button.title = word === "check" ? "Copied" : `Not copied: ${button.dataset.copy}`;
    button.setAttribute("aria-label", button.title);
  });
  const WAIT_MS = 1500;
  let since = 0;
  const typing = (target) =>
    target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
  const go = (page) => {
    const links = [...document.querySelectorAll("a[href]")];
    const link = links.find((each) => new URL(each.href).pathname === `/${page}`);
    if (link) link.click();
    else location.assign(`/${page}`);
  };
  const search = (keys) => {
    const button = document.querySelector(".st-key-search-open button");
    if (!button) return;
    button.click();
    const look = new MutationObserver(() => {
      const box = document.querySelector('[role="dialog"] input[type="search"], [role="dialog"] input');
      if (!box) return;
      look.disconnect();
      if (!keys) box.focus();
    });
    look.observe(document.body, { childList: true, subtree: true });
    setTimeout(() => look.disconnect(), 10000);
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector('[role="dialog"]')) return;
    const now = Date.now();
    if (now - since < WAIT_MS && event.key in pages) {
      since = 0;
      event.preventDefault();
      go(pages[event.key]);
    } else if (event.key === "g") {
      since = now;
    } else if (event.key === "/" || event.key === "?") {
      event.preventDefault();
      search(event.key === "?");
    } else {
      since = 0;
    }
  });
})();
