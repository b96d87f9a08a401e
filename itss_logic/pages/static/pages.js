// Opens and folds all reasons of a page at once: every `data-depth` button says how deep.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-depth]");
  if (!button) return;
  const depth = Number(button.dataset.depth);
  for (const reasons of document.querySelectorAll(".tree details")) {
    let above = 0;
    for (let up = reasons.parentElement.closest("details"); up; up = up.parentElement.closest("details")) above += 1;
    reasons.open = above < depth;
  }
});

// Where the focus was on what a change has taken away, it goes to what the change has come to.
let focused = false;
document.addEventListener("htmx:before:swap", () => { focused = document.activeElement !== document.body; });
document.addEventListener("htmx:after:swap", () => {
  if (focused && document.activeElement === document.body) document.querySelector("#changed")?.focus();
});
