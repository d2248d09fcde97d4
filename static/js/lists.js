// Filter forms leave empty fields out of the address; « / » goes to the search field. Without it, all still works.

for (const form of document.querySelectorAll("form[data-filters]")) {
  const fields = () => [...form.elements].filter((field) => field.name);
  form.addEventListener("submit", () => {
    for (const field of fields()) if (!field.value) field.disabled = true;
  });
  // Back from another page: what was switched off for the address is usable again.
  addEventListener("pageshow", () => fields().forEach((field) => (field.disabled = false)));
  for (const field of form.querySelectorAll("[data-submits]"))
    field.addEventListener("change", () => form.requestSubmit());
}

addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, select, textarea, dialog[open], [contenteditable]");
  const search = document.querySelector("[data-search]");
  if (event.key !== "/" || typing || !search || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  search.focus();
  search.select();
});
