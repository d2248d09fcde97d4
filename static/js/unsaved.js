// Takes the reader to what is wrong in a form, and asks before leaving one with unsaved changes.

document.querySelector("[data-focus]")?.focus();

const form = document.querySelector("form[data-unsaved]");
if (form) {
  const content = () => new URLSearchParams(new FormData(form)).toString();
  // A form that came back with its text, refused or taken over from a lost session, is unsaved from the start.
  let saved = form.dataset.unsaved === "sent" ? null : content();
  let leaves = false;
  form.addEventListener("submit", () => (leaves = true));
  // A draft that saved itself, whole or in part.
  form.addEventListener("kept", (event) => (saved = event.detail ? content() : null));
  addEventListener("beforeunload", (event) => {
    if (!leaves && content() !== saved) event.preventDefault();
  });
}
