// What the frame does in the browser: on a narrow screen the side bar closes once a page was chosen in it.
(() => {
  if (window.shelfgraph) return;
  window.shelfgraph = true;
  document.addEventListener("click", (event) => {
    if (window.innerWidth > 768 || !event.target.closest('[data-testid="stSidebar"] a')) return;
    const close = document.querySelector('[data-testid="stSidebarCollapseButton"] button');
    window.setTimeout(() => close && close.click(), 60);
  });
})();
