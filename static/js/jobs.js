// Follows the jobs under way: asks for the table again every second until none is left.

const place = document.querySelector("[data-jobs]");
const status = document.querySelector("[data-jobs-status]");
const PAUSE = 1000;

// What the reader has unfolded stays open, and the focus on what it was on, or on the table when that is gone.
function show(html) {
  const open = [...place.querySelectorAll("details[open]")].map((e) => e.textContent);
  const held = place.contains(document.activeElement) && document.activeElement;
  place.innerHTML = html;
  for (const details of place.querySelectorAll("details")) details.open ||= open.includes(details.textContent);
  if (!held) return;
  const same = [...place.querySelectorAll(held.localName)].find((e) => e.textContent === held.textContent && e.href === held.href);
  (same ?? place).focus();
}

async function follow() {
  if (!place.querySelector("[data-unfinished]")) return;
  if (!document.hidden) {
    try {
      const answer = await fetch(place.dataset.jobs, { headers: { "X-Requested-With": "fetch" } });
      if (answer.ok && !answer.redirected) show(await answer.text());
      if (!place.querySelector("[data-unfinished]")) status.textContent = place.dataset.done;
    } catch {
      // The network is away for a moment: the next round asks again.
    }
  }
  setTimeout(follow, PAUSE);
}

setTimeout(follow, PAUSE);
