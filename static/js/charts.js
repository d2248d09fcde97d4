// Draws each [data-chart] with plotly.js when it comes near the screen, in the colours of the current theme.
// The figure comes from the page's own json_script; no other host is asked for anything.

const charts = [...document.querySelectorAll("[data-chart]")];

// The content policy forbids style attributes; plotly.js sets some on SVG text. The same rules through the
// CSSOM are allowed, so they take that way.
const setAttribute = Element.prototype.setAttribute;
Element.prototype.setAttribute = function (name, value) {
  if (name === "style") this.style.cssText = value;
  else setAttribute.call(this, name, value);
};

let library;
function plotly(address) {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.Plotly);
    script.onerror = reject;
    document.head.append(script);
  });
  return library;
}

function themed(layout) {
  const css = getComputedStyle(document.documentElement);
  const colour = (name) => css.getPropertyValue(name).trim();
  const text = colour("--text-default-grey");
  const line = colour("--border-default-grey");
  const axis = { gridcolor: line, linecolor: line, zerolinecolor: line, automargin: true, fixedrange: true };
  const result = {
    ...layout,
    font: { family: "Marianne, Arial, sans-serif", size: 13, color: text, ...layout.font },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    hoverlabel: { bgcolor: colour("--background-overlap-grey"), bordercolor: line, font: { color: text }, namelength: -1 },
    margin: { t: 8, r: 8, b: 8, l: 8, ...layout.margin },
  };
  if (!layout.geo) for (const key of ["xaxis", "yaxis"]) result[key] = { ...axis, ...layout[key] };
  else
    result.geo = {
      ...layout.geo,
      bgcolor: "rgba(0,0,0,0)",
      landcolor: colour("--background-alt-grey"),
      countrycolor: line,
      coastlinecolor: line,
      framecolor: line,
    };
  return result;
}

async function draw(place) {
  const figure = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  const options = { displayModeBar: false, responsive: true, topojsonURL: place.dataset.outlines, scrollZoom: false };
  try {
    const Plotly = await plotly(place.dataset.plotly);
    place.querySelector(".aect-chart__wait")?.remove();
    await Plotly.react(place, figure.data, themed(figure.layout), options);
    place.dataset.drawn = "true";
  } catch (error) {
    console.error(error);
    const wait = place.querySelector(".aect-chart__wait");
    if (wait) wait.textContent = document.documentElement.dataset.chartFailed ?? "";
    place.dataset.drawn = "false";
  }
}

const near = new IntersectionObserver(
  (entries) => {
    for (const entry of entries.filter((e) => e.isIntersecting)) {
      near.unobserve(entry.target);
      draw(entry.target);
    }
  },
  { rootMargin: "200px" },
);
charts.forEach((chart) => near.observe(chart));

// The theme changed: the same figures, in its colours.
new MutationObserver(() => charts.filter((c) => c.dataset.drawn).forEach(draw)).observe(document.documentElement, {
  attributeFilter: ["data-fr-theme"],
});

// Paper shows every chart, also those nobody scrolled to, as wide as it is, and what is folded beside them.
const folded = () => document.querySelectorAll("main .aect-chart details:not([open]), main .aect-measure > details:not([open])");
addEventListener("beforeprint", () => {
  charts.filter((c) => !c.dataset.drawn).forEach(draw);
  for (const svg of document.querySelectorAll(".main-svg"))
    svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
  for (const details of folded()) {
    details.open = true;
    details.dataset.unfolded = "";
  }
});
addEventListener("afterprint", () => {
  for (const svg of document.querySelectorAll(".main-svg")) svg.removeAttribute("viewBox");
  for (const details of document.querySelectorAll("[data-unfolded]")) {
    details.open = false;
    delete details.dataset.unfolded;
  }
});
