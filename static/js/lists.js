// Filter forms leave empty fields out of the address; « / » goes to the search field. Without it, all still works.

for (const form of document.querySelectorAll("form[data-clean-url]")) {
  const fields = () => [...form.elements].filter((field) => field.name);
  form.addEventListener("submit", () => {
    for (const field of fields()) if (!field.value) field.disabled = true;
  });
  // Back from another page: what was switched off for the address is usable again.
  addEventListener("pageshow", () => fields().forEach((field) => (field.disabled = false)));
}

// On a small screen the filters wait folded, so that the rows come first; on a wide one they stand beside them.
const wide = matchMedia("(min-width: 62em)");
const fold = () => {
  for (const details of document.querySelectorAll("details[data-folds]")) details.open = wide.matches;
};
wide.addEventListener("change", fold);
fold();

addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, select, textarea, dialog[open], [contenteditable]");
  const search = document.querySelector("[data-search]");
  if (event.key !== "/" || typing || !search || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  search.focus();
  search.select();
});
