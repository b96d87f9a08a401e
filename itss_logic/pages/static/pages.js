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
