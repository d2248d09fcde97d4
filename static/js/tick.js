// One box ticks all those of the page.

for (const box of document.querySelectorAll("input[data-ticks]")) {
  const boxes = () => [...document.querySelectorAll(`input[name="${box.dataset.ticks}"]`)];
  box.closest("[hidden]").hidden = false;
  box.addEventListener("change", () => boxes().forEach((each) => (each.checked = box.checked)));
  addEventListener("change", () => (box.checked = boxes().every((each) => each.checked)));
}
