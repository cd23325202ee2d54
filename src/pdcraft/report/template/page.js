"use strict";
(() => {
  const root = document.documentElement;
  const specs = JSON.parse(document.getElementById("figures").textContent);
  const states = {};
  const config = { displayModeBar: false, responsive: true };
  const PRINT_WIDTH = 690;

  // A colour token "@name" or "@name:opacity" becomes the colour of the style sheet.
  const resolved = (value, style) => {
    if (typeof value === "string" && value[0] === "@") {
      const [name, opacity] = value.slice(1).split(":");
      const hex = style.getPropertyValue("--" + name).trim();
      if (opacity === undefined) return hex;
      const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
      return `rgba(${r},${g},${b},${opacity})`;
    }
    if (Array.isArray(value)) return value.map((item) => resolved(item, style));
    if (value && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, resolved(v, style)]));
    return value;
  };

  const draw = (name, width) => {
    const spec = specs[name], state = states[name], style = getComputedStyle(root);
    const traces = spec.traces.map((trace) => ({ ...trace,
      visible: !trace.meta || !trace.meta.choice || trace.meta.choice === state.chosen }));
    const layout = { ...spec.layout };
    for (const [axis, entries] of Object.entries(spec.switch))
      layout[axis] = { ...layout[axis], ...entries[state.log ? "log" : "linear"] };
    layout.font = { ...layout.font, family: getComputedStyle(document.body).fontFamily };
    if (width) { layout.width = width; layout.autosize = false; }
    return Plotly.react(state.plot, resolved(traces, style), resolved(layout, style), config);
  };
  const drawAll = (width) => Object.keys(states).forEach((name) => draw(name, width));

  for (const figure of document.querySelectorAll("figure[data-figure]")) {
    const name = figure.dataset.figure;
    const log = figure.querySelector("[data-switch]");
    const choices = [...figure.querySelectorAll("[data-choice]")];
    states[name] = { plot: figure.querySelector(".plot"), chosen: specs[name].chosen,
      log: !!log && log.getAttribute("aria-pressed") === "true" };
    if (log) log.addEventListener("click", () => {
      states[name].log = !states[name].log;
      log.setAttribute("aria-pressed", String(states[name].log));
      draw(name);
    });
    for (const button of choices) button.addEventListener("click", () => {
      states[name].chosen = button.dataset.choice;
      for (const other of choices) other.setAttribute("aria-pressed", String(other === button));
      draw(name);
    });
  }
  drawAll();

  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
  const button = document.getElementById("theme");
  const say = () => { button.textContent = isDark() ? "Light page" : "Dark page"; };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    say();
    drawAll();
  });
  system.addEventListener("change", () => { say(); drawAll(); });
  say();

  // On paper: light, as wide as the sheet, nothing folded away.
  let before;
  addEventListener("beforeprint", () => {
    before = { theme: root.dataset.theme,
      closed: [...document.querySelectorAll("details:not([open])")] };
    root.dataset.theme = "light";
    for (const details of before.closed) details.open = true;
    drawAll(PRINT_WIDTH);
  });
  addEventListener("afterprint", () => {
    if (before.theme) root.dataset.theme = before.theme; else delete root.dataset.theme;
    for (const details of before.closed) details.open = false;
    drawAll();
  });

  // The table of contents says where the reader is.
  const links = new Map([...document.querySelectorAll("nav.contents a")]
    .map((link) => [link.hash.slice(1), link]));
  const spy = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) {
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(entry.target.id).setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  for (const section of document.querySelectorAll("main > section"))
    if (links.has(section.id)) spy.observe(section);
})();
