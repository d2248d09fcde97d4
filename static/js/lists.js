// Filter forms leave empty fields out of the address. Without it, all still works.

for (const form of document.querySelectorAll("form[data-clean-url]")) {
  const fields = () => [...form.elements].filter((field) => field.name);
  form.addEventListener("submit", () => {
    for (const field of fields()) if (!field.value) field.disabled = true;
  });
  // Back from another page: what was switched off for the address is usable again, and what was chosen there and then is
  // not: the fields say what the rows answer to.
  addEventListener("pageshow", (event) => {
    for (const field of fields()) field.disabled = false;
    const [navigation] = performance.getEntriesByType("navigation");
    if (event.persisted || navigation?.type === "back_forward") form.reset();
  });
}

// On a small screen the filters wait folded, so that the rows come first; on a wide one they stand beside them.
const wide = matchMedia("(min-width: 62em)");
const fold = () => {
  for (const details of document.querySelectorAll("details[data-folds]")) details.open = wide.matches;
};
wide.addEventListener("change", fold);
fold();
