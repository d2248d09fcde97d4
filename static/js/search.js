// Suggestions as one types: the ARIA authoring practices' editable combobox with list autocomplete; « / » goes to it.
// Without it, Enter shows the results.

const PAUSE = 120;

class Suggestions {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector("input");
    this.list = form.querySelector("[role=listbox]");
    this.status = form.querySelector("[role=status]");
    this.chosen = -1;
    const roles = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id };
    for (const [name, value] of Object.entries(roles)) this.input.setAttribute(name, value);
    this.input.addEventListener("input", () => this.wait());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
    this.form.addEventListener("submit", () => this.close());
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    this.list.addEventListener("click", (event) => this.open(event.target.closest("[role=option]")));
  }

  get options() {
    return this.list.hidden ? [] : [...this.list.querySelectorAll("[role=option]")];
  }

  wait() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.choose(-1);
    if (!this.input.value.trim()) return this.close();
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  async ask() {
    this.request = new AbortController();
    const address = `${this.form.dataset.suggestions}?${new URLSearchParams({ q: this.input.value.trim() })}`;
    try {
      const answer = await fetch(address, { signal: this.request.signal });
      if (answer.ok) this.show(await answer.text());
      else this.close();
    } catch (error) {
      if (error.name !== "AbortError") this.close(); // the network is away: Enter still searches
    }
  }

  show(html) {
    if (document.activeElement !== this.input) return;
    const address = this.options[this.chosen]?.dataset.address; // chosen while the answer was on its way
    this.list.innerHTML = html;
    this.list.hidden = false;
    this.options.forEach((option, place) => (option.id = `${this.list.id}-${place}`));
    this.input.setAttribute("aria-expanded", "true");
    this.choose(this.options.findIndex((option) => option.dataset.address === address));
    this.status.textContent = this.list.firstElementChild.dataset.status;
  }

  close() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.choose(-1);
    this.list.hidden = true;
    this.list.replaceChildren();
    this.input.setAttribute("aria-expanded", "false");
    this.status.textContent = "";
  }

  choose(place) {
    const options = this.options;
    options[this.chosen]?.setAttribute("aria-selected", "false");
    this.chosen = place;
    const option = options[place];
    if (!option) return this.input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", option.id);
  }

  open(option) {
    if (option) location.assign(option.dataset.address);
  }

  key(event) {
    const last = this.options.length - 1;
    if (last < 0 || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const moves = {
      ArrowDown: () => this.choose(this.chosen < last ? this.chosen + 1 : -1),
      ArrowUp: () => this.choose(this.chosen < 0 ? last : this.chosen - 1),
      Escape: () => this.close(),
    };
    if (this.chosen >= 0) {
      moves.Home = () => this.choose(0);
      moves.End = () => this.choose(last);
      moves.Enter = () => this.open(this.options[this.chosen]);
    }
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  }
}

for (const form of document.querySelectorAll("form[data-suggestions]")) new Suggestions(form);

addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, select, textarea, dialog[open], [contenteditable]");
  const fields = [...document.querySelectorAll("main form[data-suggestions] input, form[data-suggestions] input")];
  const search = fields.find((field) => field.checkVisibility({ visibilityProperty: true }));
  if (event.key !== "/" || typing || !search || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  search.focus();
  search.select();
});
