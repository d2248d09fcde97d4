// Saves a draft while it is typed, says when it did, and keeps trying when it could not. Without it, the button saves.

const form = document.querySelector("form[data-autosave]");
const PAUSE = 1500; // after the last key
const PATIENCE = 15000; // for an answer
const WAITS = [5, 10, 20, 40, 60]; // seconds between attempts

if (form) {
  const status = document.querySelector("[data-autosave-status]");
  const { autosave: address, failing, closed, waiting } = form.dataset;
  const content = () => new URLSearchParams(new FormData(form)).toString();
  let kept = form.dataset.unsaved === "sent" ? null : content();
  let timer, sent = null, failures = 0, stopped = false;

  const say = (text, bad) => {
    status.textContent = text;
    status.classList.toggle("fr-message--error", Boolean(bad));
  };
  const later = (milliseconds) => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(save, milliseconds);
  };
  const stop = (text) => {
    stopped = true;
    clearTimeout(timer);
    say(text, true);
  };
  const take = (answer, body) => {
    const unchanged = content() === body;
    form.elements.version.value = answer.version;
    for (const [prefix, row] of Object.entries(answer.rows)) form.elements[`${prefix}-row`].value = row;
    kept = unchanged ? content() : null;
    form.dispatchEvent(new CustomEvent("kept", { detail: unchanged && answer.is_whole }));
    say(answer.message, !answer.is_whole);
    if (!unchanged) later(PAUSE);
  };

  // What was sent is sent again as it was until it is answered: the server knows a repetition by its content.
  async function save() {
    if (stopped || (sent === null && content() === kept)) return;
    sent ??= content();
    let response;
    try {
      response = await fetch(address, {
        method: "POST",
        body: new URLSearchParams(sent),
        redirect: "manual",
        signal: AbortSignal.timeout(PATIENCE),
      });
    } catch {
      response = { status: 503 };
    }
    if (response.status >= 500 || response.status === 429) {
      const wait = WAITS[Math.min(failures++, WAITS.length - 1)];
      say(failing.replace("0", wait), true);
      return later(wait * 1000);
    }
    const body = sent;
    sent = null;
    failures = 0;
    if (response.status === 200) return take(await response.json(), body);
    if (response.status === 400 || response.status === 409) {
      const { message } = await response.json().catch(() => ({ message: closed }));
      return stop(message);
    }
    stop(closed); // signed out, or no longer this person's to write
  }

  const typed = () => {
    if (stopped || content() === kept) return;
    if (sent === null) {
      say(waiting);
      later(PAUSE);
    }
  };
  form.addEventListener("input", typed);
  form.addEventListener("change", typed);
  form.addEventListener("submit", () => (stopped = true));
  addEventListener("online", () => sent !== null && later(0));
}
