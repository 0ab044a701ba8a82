"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const atlas = document.getElementById("atlas");
  if (!atlas) return;
  const svg = atlas.querySelector("svg");
  const overlay = document.getElementById("overlay");
  const panel = document.getElementById("panel");
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const status = document.getElementById("status");
  const picked = document.getElementById("picked");
  const space = "http://www.w3.org/2000/svg";
  const nMapped = data.x.length;
  const name = (i) => (i in data.shown ? data.shown[i] : data.words[i]);
  const lowered = Array.from({ length: nMapped }, (_, i) => name(i).toLowerCase());
  let chosen = -1;

  const make = (tag, text) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const makeSvg = (tag, attributes) => {
    const element = document.createElementNS(space, tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const dot = (i) => makeSvg("path", { d: `M${data.x[i]} ${data.y[i]}h0` });

  const wordElement = (i) => {
    if (i >= nMapped) return make("bdi", name(i));
    const button = make("button");
    button.type = "button";
    button.append(make("bdi", name(i)));
    button.addEventListener("click", () => pick(i));
    return button;
  };

  const mark = (i) => {
    overlay.replaceChildren();
    atlas.classList.toggle("busy", i >= 0);
    if (i < 0) return;
    const rings = makeSvg("g", { class: "rings" });
    rings.append(dot(i), ...data.near[i].filter((other) => other < nMapped).map(dot));
    const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    const label = makeSvg("text", { class: "mark", x: 0, y: Math.max(data.y[i] - 8, height * 0.06) });
    label.textContent = name(i);
    overlay.append(rings, label);
    const half = Math.min(label.getComputedTextLength() / 2, width / 2);
    label.setAttribute("x", Math.min(Math.max(data.x[i], half), width - half));
  };

  const describe = (i) => {
    picked.replaceChildren();
    if (i < 0) return;
    const title = make("h3");
    title.append(make("bdi", name(i)));
    const about = make("p", data.about[i]);
    about.className = "note";
    const list = make("ol");
    list.className = "near";
    data.near[i].forEach((other, place) => {
      const item = make("li");
      item.append(wordElement(other), make("span", data.cosine[i][place].toFixed(2)));
      list.append(item);
    });
    picked.append(title, about, list);
  };

  const show = (i) => {
    mark(i);
    describe(i);
  };
  const pick = (i) => {
    chosen = i;
    show(i);
  };

  const nearest = (event) => {
    const matrix = svg.getScreenCTM();
    if (!matrix) return -1;
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    const reach = (event.pointerType === "mouse" ? 14 : 28) / matrix.a;
    let best = -1;
    let least = reach * reach;
    for (let i = 0; i < nMapped; i++) {
      const distance = (data.x[i] - at.x) ** 2 + (data.y[i] - at.y) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  };
  let last = -1;
  svg.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "mouse") return;
    const i = nearest(event);
    if (i !== last) show(i >= 0 ? i : chosen);
    last = i;
  });
  svg.addEventListener("pointerleave", () => {
    last = -1;
    show(chosen);
  });
  svg.addEventListener("click", (event) => pick(nearest(event)));

  const matches = (query) => {
    const groups = [[], [], []];
    lowered.forEach((word, i) => {
      const place = word.indexOf(query);
      if (place >= 0) groups[word === query ? 0 : place === 0 ? 1 : 2].push(i);
    });
    return groups.flat();
  };
  search.addEventListener("input", () => {
    const query = search.value.trim().toLowerCase();
    const all = query ? matches(query) : [];
    found.replaceChildren(...all.slice(0, 8).map(wordElement));
    status.textContent = !query ? "or point at the map" : all.length === 1 ? "1 word on the map" : `${all.length} words on the map`;
    pick(all.length ? all[0] : -1);
  });
  panel.hidden = false;
})();
