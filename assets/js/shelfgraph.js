// What the frame does in the browser.
(() => {
  if (window.shelfgraph) return;
  window.shelfgraph = true;

  // On a narrow screen the side bar closes once a page was chosen in it.
  document.addEventListener("click", (event) => {
    if (window.innerWidth > 768 || !event.target.closest('[data-testid="stSidebar"] a')) return;
    const close = document.querySelector('[data-testid="stSidebarCollapseButton"] button');
    window.setTimeout(() => close && close.click(), 60);
  });

  // What a page writes into its link by itself is no step of the visitor's: going back would only write it again.
  const push = history.pushState.bind(history);
  let touched = false;
  for (const kind of ["pointerdown", "keydown", "change"]) addEventListener(kind, () => { touched = true; }, true);
  addEventListener("popstate", () => { touched = false; }, true);
  history.pushState = (state, title, url) => {
    const elsewhere = new URL(url ?? "", location.href).pathname !== location.pathname;
    if (touched || elsewhere) push(state, title, url);
    else history.replaceState(state, title, url);
    touched = false;
  };
})();
