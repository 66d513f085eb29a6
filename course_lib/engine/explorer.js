// One explorer on the page: native controls, the kernel's picture, and its numbers in words. The
// kernel sends the rows of pixels that have changed.
// A view has one request under way at most; what is moved meanwhile goes out with the answer, so
// the latest value wins and nothing queues up.

const PATIENCE = 3000; // milliseconds without an answer before the explorer says so
const SILENCE = "The kernel does not answer. Run this cell again to move the sliders.";

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// Undoes zlib.compress. The page's other work does not come in between, as it does where a browser
// decodes an image.
async function inflate(bytes, length) {
  const { writable, readable } = new DecompressionStream("deflate");
  const writer = writable.getWriter();
  writer.write(bytes);
  writer.close();
  const inflated = new Uint8ClampedArray(length);
  const reader = readable.getReader();
  for (let at = 0, read; !(read = await reader.read()).done; at += read.value.length)
    inflated.set(read.value, at);
  return inflated;
}

// Builds a control and returns [element, show(state), value()].
function build({ kind, label, min, max, step }) {
  const field = make(kind === "select" ? "select" : "input");
  if (kind !== "select") field.type = kind;
  const number = make("output", { ariaHidden: "true" });
  const element = make("label", {}, make("span", {}, label), field);
  if ((max - min) / step > 100) element.className = "long";
  if (kind === "range") element.append(number);
  const echo = () => (number.value = field.value);
  field.addEventListener("input", echo);
  function show(state) {
    if (kind === "checkbox") field.checked = state.value;
    if (kind === "range") for (const key of ["min", "max", "step"]) field[key] = state[key];
    if (kind === "select" && field.length === 0)
      field.append(...state.options.map((option) => make("option", {}, option)));
    if (kind !== "checkbox") field.value = state.value;
    echo();
  }
  const value = () => ({ checkbox: field.checked, range: field.valueAsNumber })[kind] ?? field.value;
  return [element, show, value];
}

function render({ model, el }) {
  const view = `${performance.now()} ${Math.random()}`;
  const controls = model.get("controls").map((state) => {
    const [element, show, value] = build(state);
    show(state);
    return { name: state.name, element, show, value };
  });
  const [width, height] = model.get("size");
  const picture = make("canvas", { role: "img", ariaLabel: model.get("title") });
  picture.style.aspectRatio = `${width} / ${height}`;
  picture.style.maxWidth = `${width}px`;
  const context = picture.getContext("2d");
  const words = make("p", { className: "words", role: "status" });
  const trouble = make("p", { className: "trouble", role: "alert" });
  el.classList.add("explorer");
  el.append(
    make(
      "fieldset",
      {},
      make("legend", {}, model.get("title")),
      make("div", { className: "controls" }, ...controls.map((control) => control.element)),
      picture,
      words,
      trouble,
    ),
  );

  let values = {}; // moved here and not yet answered; the kernel knows all others
  let waiting = false;
  let moved = false; // since the request under way
  let wide = 0; // CSS pixels that the picture is wide
  let drawn = 0; // width of the last picture asked for
  let shown = 0; // number of the picture that is on the canvas
  let timer;
  const pixels = () => Math.round(wide * devicePixelRatio);

  function request(callbacks) {
    moved = true;
    if (waiting || pixels() === 0) return;
    [waiting, moved, drawn] = [true, false, pixels()];
    timer = setTimeout(giveUp, PATIENCE);
    try {
      model.send({ view, values, width: drawn, shown }, callbacks);
    } catch {
      giveUp(); // the kernel was stopped or restarted
    }
  }

  // Jupyter's server keeps an answer back until the browser has acknowledged what came before it: that
  // the kernel is busy. A browser puts that off for 40 milliseconds, unless it has something to send.
  // While a slider is dragged, more messages would only get into each other's way.
  function acknowledge({ content }) {
    if (content.execution_state === "busy") model.send({});
  }

  function giveUp() {
    clearTimeout(timer);
    waiting = false; // the next move tries again
    trouble.textContent = SILENCE;
  }

  // Paints the rows that have changed; false where the picture that they belong on is not shown.
  async function paint({ number, on, size: [width, height], runs }, deflated) {
    const rows = runs.reduce((sum, [from, to]) => sum + to - from, 0);
    const bytes = await inflate(deflated, 4 * width * rows);
    if (on !== 0 && on !== shown) return false;
    if (on === 0) Object.assign(picture, { width, height });
    let start = 0;
    for (const [from, to] of runs) {
      const end = start + 4 * width * (to - from);
      context.putImageData(new ImageData(bytes.subarray(start, end), width), 0, from);
      start = end;
    }
    shown = number;
    return true;
  }

  async function receive(answer, [deflated]) {
    const painted = answer.error || (await paint(answer.picture, deflated));
    if (answer.view === view) {
      clearTimeout(timer);
      waiting = false;
    }
    if (!moved) {
      values = {};
      controls.forEach(({ show }, i) => show(answer.controls[i]));
    }
    trouble.textContent = answer.error ?? "";
    if (answer.error) {
      words.textContent = "";
    } else if (painted) {
      words.textContent = answer.words.split("\n", 1)[0];
      picture.ariaLabel = answer.words;
    }
    if (moved || !painted) request();
  }

  el.addEventListener("input", ({ target }) => {
    const { name, value } = controls.find(({ element }) => element.contains(target));
    values[name] = value();
    request({ iopub: { status: acknowledge } });
  });
  // Keys belong to the controls: JupyterLab's command mode would cut, merge or insert cells. Escape
  // goes back to the notebook; Shift+Enter and what is pressed with Ctrl or Cmd are left to it.
  el.addEventListener("keydown", (event) => {
    if (event.key === "Escape") el.closest(".jp-Cell")?.focus();
    else if (event.ctrlKey || event.metaKey || (event.shiftKey && event.key === "Enter")) return;
    event.stopPropagation();
  });
  model.on("msg:custom", receive);
  model.on("comm_live_update", () => request());
  const observer = new ResizeObserver(([{ contentRect }]) => {
    wide = contentRect.width;
    if (pixels() !== drawn) request();
  });
  observer.observe(picture);
  return () => {
    observer.disconnect();
    clearTimeout(timer);
  };
}

export default { render };
