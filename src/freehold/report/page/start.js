// Starts what the page has.
function start() {
  const theme = document.querySelector(".theme");
  if (theme) themeSwitch(theme);
  const contents = document.getElementById("contents");
  if (contents) contentsView(contents);
  for (const button of document.querySelectorAll(".show-all")) longTable(button);
  const views = [...document.querySelectorAll(".value-chain")].map(layersView);
  for (const controls of document.querySelectorAll(".tick-off")) ticksView(controls, data.ticks[Number(controls.dataset.ticks)], views);
  addEventListener("hashchange", () => reveal(views));
  reveal(views);
}

start();
