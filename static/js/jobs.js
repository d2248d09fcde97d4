// Follows the jobs under way: asks for the table again every second until none is left.

const place = document.querySelector("[data-jobs]");
const status = document.querySelector("[data-jobs-status]");
const PAUSE = 1000;

async function follow() {
  if (!place.querySelector("[data-unfinished]")) return;
  if (!document.hidden) {
    try {
      const answer = await fetch(place.dataset.jobs, { headers: { "X-Requested-With": "fetch" } });
      if (answer.ok && !answer.redirected) place.innerHTML = await answer.text();
      if (!place.querySelector("[data-unfinished]")) status.textContent = place.dataset.done;
    } catch {
      // The network is away for a moment: the next round asks again.
    }
  }
  setTimeout(follow, PAUSE);
}

setTimeout(follow, PAUSE);
