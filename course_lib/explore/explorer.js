// One explorer on the page: native controls, the kernel's picture, and its numbers in words.
// A view has one request under way at most; what is moved meanwhile goes out with the answer, so
// the latest value wins and nothing queues up.

const PATIENCE = 3000; // milliseconds without an answer before the explorer says so
const SILENCE = "The kernel does not answer. Run this cell again to move the sliders.";

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// A picture's bytes as an address: decoded at once, where one from createObjectURL waits its turn.
function asAddress({ buffer, byteOffset, byteLength }) {
  const bytes = Array.from(new Uint8Array(buffer, byteOffset, byteLength), (byte) =>
    String.fromCharCode(byte),
  );
  return `data:image/png;base64,${btoa(bytes.join(""))}`;
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
  const picture = make("img", { alt: "" });
  picture.style.aspectRatio = `${width} / ${height}`;
  picture.style.maxWidth = `${width}px`;
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
  let drawn = 0; // width of the last picture asked for
  let timer;
  const pixels = () => Math.round(picture.clientWidth * devicePixelRatio);

  function request() {
    moved = true;
    if (waiting || pixels() === 0) return;
    [waiting, moved, drawn] = [true, false, pixels()];
    timer = setTimeout(giveUp, PATIENCE);
    try {
      model.send({ view, values, width: drawn });
    } catch {
      giveUp(); // the kernel was stopped or restarted
    }
  }

  function giveUp() {
    clearTimeout(timer);
    waiting = false; // the next move tries again
    trouble.textContent = SILENCE;
  }

  function receive(answer, buffers) {
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
    } else {
      words.textContent = answer.words.split("\n", 1)[0];
      picture.src = asAddress(buffers[0]);
      picture.alt = answer.words;
    }
    if (moved) request();
  }

  el.addEventListener("input", () => {
    values = Object.fromEntries(controls.map(({ name, value }) => [name, value()]));
    request();
  });
  // Keys belong to the controls: JupyterLab's command mode would cut, merge or insert cells. Escape
  // goes back to the notebook; Shift+Enter and what is pressed with Ctrl or Cmd are left to it.
  el.addEventListener("keydown", (event) => {
    if (event.key === "Escape") el.closest(".jp-Cell")?.focus();
    else if (event.ctrlKey || event.metaKey || (event.shiftKey && event.key === "Enter")) return;
    event.stopPropagation();
  });
  model.on("msg:custom", receive);
  model.on("comm_live_update", request);
  const observer = new ResizeObserver(() => pixels() !== drawn && request());
  observer.observe(picture);
  return () => {
    observer.disconnect();
    clearTimeout(timer);
  };
}

export default { render };
