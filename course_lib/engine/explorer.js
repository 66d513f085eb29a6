// One explorer on the page: native controls, the kernel's picture, and its numbers in words. The
// kernel sends the rows of pixels that have changed.
// A view has one request under way at most; what is moved meanwhile goes out with the answer, so
// the latest value wins and nothing queues up.

const SILENCE = "The kernel does not answer. Run this cell again to move the sliders.";
const TOO_OLD =
  "This browser is too old for the picture, which reaches it compressed: it has no " +
  "DecompressionStream. Chrome 80, Safari 16.4, Firefox 113 and what came after them do.";

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

// A control below the picture. `moved` is called where it is moved, `play` by its button.
function build({ kind, label, play, ...first }, { moved, toggle }) {
  const field = make(kind === "select" ? "select" : "input");
  if (kind !== "select") field.type = kind;
  const number = make("output", { ariaHidden: "true" });
  const element = make("label", {}, make("span", {}, label), field);
  const reason = make("small", { id: `reason-${Math.random()}` });
  const below = make("div", { className: `control ${kind}` }, element);
  if ((first.max - first.min) / first.step > 100) below.classList.add("long");
  if (kind === "range") element.append(number);
  const button = make("button", { type: "button", textContent: "play", ariaLabel: `play ${label}` });
  button.addEventListener("click", toggle);
  if (play) below.append(button);
  below.append(reason);
  field.setAttribute("aria-describedby", reason.id);
  let names; // of a slider's values, where it only counts them
  function echo() {
    number.value = names?.[field.value] ?? field.value;
    if (names) field.ariaValueText = number.value;
  }
  field.addEventListener("input", () => moved(value()));
  field.addEventListener("input", echo);
  function show(state) {
    names = state.names;
    if (kind === "checkbox") field.checked = state.value;
    if (kind === "range") for (const key of ["min", "max", "step"]) field[key] = state[key];
    if (kind === "select" && field.length === 0)
      field.append(...state.options.map((option) => make("option", {}, option)));
    if (kind !== "checkbox") field.value = state.value;
    field.disabled = button.disabled = "fixed" in state;
    reason.textContent = state.fixed ?? "";
    echo();
  }
  const value = () => ({ checkbox: field.checked, range: field.valueAsNumber })[kind] ?? field.value;
  return { below, field, button, show, echo };
}

const inside = ([x, y], [left, top, right, bottom]) =>
  Math.min(left, right) <= x && x <= Math.max(left, right) &&
  Math.min(top, bottom) <= y && y <= Math.max(top, bottom);

// What lies on the picture can be reached by Tab: it says where it stands as a slider does, and
// which keys move it.
function makeHandle(ariaLabel, kind, title) {
  const className = `handle ${kind}`;
  return make("div", { className, ariaLabel, title, tabIndex: 0, role: "slider" });
}

function lay(element, [left, top, right, bottom]) {
  const share = (value) => `${100 * value}%`;
  Object.assign(element.style, {
    left: share(Math.min(left, right)),
    top: share(Math.min(top, bottom)),
    width: share(Math.abs(right - left)),
    height: share(Math.abs(bottom - top)),
  });
}

function makePanel() {
  return make("div", { className: "panel" });
}

// Points of a panel, or a panel that moves other controls: `moved` gets {index: {at} or {to}}.
function buildPoint({ kind, label, hover, along }, { moved }) {
  const panel = makePanel();
  const handles = [];
  let state;
  function show(next) {
    state = { ...next, points: next.points.map((point) => [...point]) };
    lay(panel, state.box);
    const count = kind === "touch" ? 0 : Math.max(state.at.length, 1);
    while (handles.length < count) {
      const number = count > 1 ? ` ${handles.length + 1}` : "";
      handles.push(makeHandle(label + number, hover ? "hover" : "point", "Arrow keys move."));
      panel.append(handles.at(-1));
      if (hover) handles.at(-1).addEventListener("blur", leave);
    }
    const [left, top, right, bottom] = state.box;
    handles.forEach((handle, i) => {
      const [x, y] = state.at[i] ?? [(left + right) / 2, (top + bottom) / 2];
      handle.style.left = `${(100 * (x - left)) / (right - left)}%`;
      handle.style.top = `${(100 * (y - top)) / (bottom - top)}%`;
      const place = state.points[i]?.map((value, axis) => `${along[axis]} ${value}`);
      handle.ariaValueText = place?.join(", ") ?? "nowhere";
      handle.ariaValueNow = state.points[i]?.[0] ?? 0;
    });
  }
  let moves = {};
  function go(index, move) {
    moves = { ...moves, [index]: move };
    moved(moves);
  }
  function leave() {
    if (state.value !== null || Object.keys(moves).length) moved(null);
    [state.value, moves] = [null, {}];
  }
  let held = 0;
  return {
    panel,
    handles,
    show,
    sent: () => (moves = {}),
    over: (at) => hover && (inside(at, state.box) ? go(0, { at }) : leave()),
    // how far a press is from what it would move, in pixels; the nearest takes it
    distance(at, size) {
      if (!inside(at, state.box)) return Infinity;
      if (kind === "touch") return 1e6;
      if (hover) return 2e6;
      const far = state.at.map(([x, y]) =>
        Math.hypot((x - at[0]) * size.width, (y - at[1]) * size.height),
      );
      held = far.indexOf(Math.min(...far));
      return far[held];
    },
    press(at) {
      handles[held]?.focus({ preventScroll: true });
      this.drag(at);
    },
    drag([x, y]) {
      const [left, top, right, bottom] = state.box;
      go(held, { at: [clamp(x, left, right), clamp(y, top, bottom)] });
    },
    key(event) {
      const arrow = ARROWS[event.key];
      if (hover && event.key === "Delete") leave();
      if (!arrow) return;
      event.preventDefault();
      const index = handles.indexOf(event.target);
      const to = state.points[index] ?? state.limits.map(([low, high]) => (low + high) / 2);
      state.points[index] = to.map((value, axis) => {
        const [start, end] = state.limits[axis];
        const far = arrow["xy".indexOf(along[axis])] * state.step * Math.sign(end - start);
        return clamp(value + far, Math.min(start, end), Math.max(start, end));
      });
      go(index, { to: state.points[index] });
    },
  };
}

// A grid: cells are painted, or their numbers edited in the field below. `moved` gets all cells.
function buildPad({ label, step, min, max }, { moved }) {
  const panel = makePanel();
  const keys = step ? "type a number" : "Space paints";
  const handle = makeHandle(label, "cell", `Arrow keys move, ${keys}, Delete clears.`);
  panel.append(handle);
  const text = make("span", {}, label);
  const field = make("input", { type: "number", min, max, step: step ?? 1 });
  const clear = make("button", { type: "button", textContent: `clear ${label}` });
  const below = make("div", { className: "control pad" });
  below.append(...(step ? [make("label", {}, text, field)] : [clear]));
  let [state, cells, cursor, brush] = [null, [[0]], [0, 0], max];
  const size = () => [cells.length, cells[0].length];

  function mark() {
    const [[rows, columns], [i, j]] = [size(), cursor];
    const value = cells[i][j];
    lay(handle, [j / columns, i / rows, (j + 1) / columns, (i + 1) / rows]);
    const said = step ? value : value === min ? "empty" : value === max ? "painted" : value;
    handle.ariaValueText = `row ${i}, column ${j}: ${said}`;
    handle.ariaValueNow = i * columns + j;
    handle.ariaValueMax = rows * columns - 1;
    text.textContent = `${label} row ${i}, column ${j}`;
    if (document.activeElement !== field) field.value = value;
  }
  function write(value) {
    const [i, j] = cursor;
    if (cells[i][j] === value) return mark();
    cells[i][j] = value;
    mark();
    moved(cells);
  }
  function wipe() {
    cells = cells.map((row) => row.map(() => clamp(0, min, max)));
    mark();
    moved(cells);
  }
  clear.addEventListener("click", wipe);
  field.addEventListener("input", () => {
    if (field.validity.valid && field.value !== "") write(field.valueAsNumber);
  });
  field.addEventListener("blur", mark);
  function cellAt([x, y]) {
    const [left, top, right, bottom] = state.box;
    const [rows, columns] = size();
    const [down, across] = [(y - top) / (bottom - top), (x - left) / (right - left)];
    return [
      clamp(Math.floor(down * rows), 0, rows - 1),
      clamp(Math.floor(across * columns), 0, columns - 1),
    ];
  }
  return {
    panel,
    handles: [handle],
    below,
    show(next) {
      state = next;
      cells = state.value.map((row) => [...row]);
      lay(panel, state.box);
      mark();
    },
    distance: (at) => (inside(at, state.box) ? 0 : Infinity),
    press(at) {
      cursor = cellAt(at);
      mark();
      if (step) return field.focus({ preventScroll: true }), field.select();
      handle.focus({ preventScroll: true });
      brush = cells[cursor[0]][cursor[1]] === max ? min : max;
      write(brush);
    },
    drag(at) {
      if (step) return;
      const [[i, j], [row, column]] = [cursor, cellAt(at)];
      const far = Math.max(Math.abs(row - i), Math.abs(column - j)); // a quick stroke has no gaps
      for (let k = 1; k <= far; k++) {
        cursor = [i + ((row - i) * k) / far, j + ((column - j) * k) / far].map(Math.round);
        write(brush);
      }
    },
    key(event) {
      if (event.target === field) {
        if (event.key === "Enter") handle.focus();
        return;
      }
      const [[rows, columns], [i, j], arrow] = [size(), cursor, ARROWS[event.key]];
      if (arrow) {
        cursor = [clamp(i - arrow[1], 0, rows - 1), clamp(j + arrow[0], 0, columns - 1)];
        mark();
      } else if (step && /^([-\d.]|Enter)$/.test(event.key)) {
        field.focus();
        field.select(); // what is typed replaces the number
        if (event.key !== "Enter") return;
      } else if (event.key === " " && !step) write(cells[i][j] === max ? min : max);
      else if (event.key === "Delete" || event.key === "Backspace")
        step ? write(clamp(0, min, max)) : wipe();
      else return;
      event.preventDefault();
    },
  };
}

const BUILD = { point: buildPoint, touch: buildPoint, pad: buildPad };

function render({ model, el }) {
  const view = `${performance.now()} ${Math.random()}`;
  const controls = model.get("controls").map((state) => {
    const { name, sets = [] } = state;
    const control = { name, sets };
    const moved = (value) => (state.hover || stop(), change(control, value));
    const toggle = () => (playing ? stop() : start(control));
    return Object.assign(control, (BUILD[state.kind] ?? build)(state, { moved, toggle }));
  });
  const hands = controls.filter(({ panel }) => panel);
  const [width, height] = model.get("size");
  const picture = make("canvas", { role: "img", ariaLabel: model.get("title") });
  picture.style.aspectRatio = `${width} / ${height}`;
  const frame = make("div", { className: "picture" }, picture, ...hands.map(({ panel }) => panel));
  frame.style.maxWidth = `${width}px`;
  const context = picture.getContext("2d");
  const words = make("p", { className: "words", role: "status" });
  const code = make("code");
  const copy = make("button", { type: "button", textContent: "copy" });
  const summary = make("summary", {}, "as code");
  const asCode = make("details", { hidden: true }, summary, code, " ", copy);
  copy.addEventListener("click", async () => {
    getSelection().selectAllChildren(code);
    try {
      await navigator.clipboard.writeText(code.textContent);
      copy.textContent = "copied";
    } catch {
      // not allowed everywhere; it is selected
    }
  });
  const trouble = make("p", { className: "trouble", role: "alert" });
  el.classList.add("explorer");
  const tooOld = !("DecompressionStream" in window);
  el.append(
    make(
      "fieldset",
      { disabled: tooOld },
      make("legend", {}, model.get("title")),
      make("div", { className: "controls" }, ...controls.flatMap(({ below }) => below ?? [])),
      frame,
      words,
      trouble,
      asCode,
    ),
  );
  if (tooOld) {
    trouble.textContent = TOO_OLD;
    return;
  }

  let values = {}; // moved here and not yet answered; the kernel knows all others
  let waiting = false;
  let moved = false; // since the request under way
  let wide = 0; // CSS pixels that the picture is wide
  let drawn = 0; // width of the last picture asked for
  let shown = 0; // number of the picture that is on the canvas
  let timer;
  let playing; // the control that plays, its timer, and how it moves
  const pixels = () => Math.round(wide * devicePixelRatio);

  // Takes over what a control was moved to. A touch and the controls that it sets take turns: what
  // came last counts.
  function change(control, value) {
    for (const { name, sets } of controls)
      if (sets.includes(control.name) || control.sets.includes(name)) delete values[name];
    values[control.name] = value;
    request();
  }

  // Steps a slider to its end, one answer after the other. Whoever asks for less motion sees a few
  // steps, a second apart.
  function start(control) {
    const { min, max, step, value } = control.field;
    const steps = (max - min) / step;
    const few = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const [stride, pause] = few ? [Math.ceil(steps / 8), 1000] : [1, clamp(8000 / steps, 30, 400)];
    playing = { control, stride, pause };
    control.button.textContent = "pause";
    words.ariaLive = "off"; // not every step is read out
    advance(Number(value) >= Number(max));
  }

  function advance(again) {
    const { control, stride } = playing;
    const { field } = control;
    const ended = Number(field.value) >= Number(field.max);
    if (field.disabled || (ended && !again)) return stop();
    if (again) field.value = field.min;
    else field.stepUp(stride);
    control.echo();
    change(control, field.valueAsNumber);
  }

  function stop() {
    if (!playing) return;
    clearTimeout(playing.timer);
    playing.control.button.textContent = "play";
    words.ariaLive = "polite";
    playing = undefined;
  }

  function request() {
    moved = true;
    if (waiting || pixels() === 0) return;
    [waiting, moved, drawn] = [true, false, pixels()];
    timer = setTimeout(lookAround, PATIENCE);
    try {
      model.send({ view, values, width: drawn, css: wide, shown });
    } catch {
      giveUp(); // the kernel was stopped or restarted
    }
  }

  // Without an answer, a busy kernel is waited for; a silent one is not.
  function lookAround() {
    if (!isBusy(model)) return giveUp();
    words.textContent = BUSY;
    timer = setTimeout(lookAround, PATIENCE);
  }

  function giveUp() {
    clearTimeout(timer);
    waiting = false; // the next move tries again
    stop();
    if (words.textContent === BUSY) words.textContent = "";
    trouble.textContent = SILENCE;
  }

  // Paints the rows that have changed; false where the picture that they belong on is not shown.
  async function paint({ number, on, size: [width, height], runs }, deflated) {
    const rows = runs.reduce((sum, [from, to]) => sum + to - from, 0);
    const bytes = await inflate(deflated, 4 * width * rows);
    if (on !== 0 && on !== shown) return false;
    if (on === 0) {
      Object.assign(picture, { width, height });
      picture.style.aspectRatio = `${width} / ${height}`; // panels stack where it is narrow
    }
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
    // what was recorded for a page without a kernel draws itself
    const painted = answer.error || answer.draw?.(picture) || (await paint(answer.picture, deflated));
    if (answer.view === view) {
      clearTimeout(timer);
      waiting = false;
    }
    if (!moved) {
      values = {};
      controls.forEach(({ show, sent }, i) => (sent?.(), show(answer.controls[i])));
      if (playing && answer.view === view) {
        clearTimeout(playing.timer);
        playing.timer = setTimeout(advance, playing.pause);
      }
    }
    if (answer.error) stop();
    trouble.textContent = answer.error ?? "";
    if (answer.error) {
      words.textContent = "";
    } else if (painted) {
      words.textContent = answer.words.split("\n", 1)[0];
      picture.ariaLabel = answer.words;
      if (code.textContent !== answer.code) copy.textContent = "copy";
      code.textContent = answer.code;
      asCode.hidden = !answer.code;
    }
    if (moved || !painted) request();
  }

  // The pointer on the picture, in fractions of it.
  let held; // the control that a press has taken
  function place({ clientX, clientY }) {
    const { left, top, width, height } = picture.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  }
  frame.addEventListener("pointerdown", (event) => {
    const [at, size] = [place(event), picture.getBoundingClientRect()];
    const far = hands.map((hand) => hand.distance(at, size));
    const nearest = Math.min(...far);
    if (event.button !== 0 || !(nearest < Infinity)) return;
    event.preventDefault();
    frame.setPointerCapture(event.pointerId);
    held = hands[far.indexOf(nearest)];
    controls.find(({ name }) => name === held.sets[0])?.field.focus({ preventScroll: true });
    held.press(at);
  });
  frame.addEventListener("pointermove", (event) => {
    if (held) return held.drag(place(event));
    for (const { over } of hands) over?.(place(event));
  });
  frame.addEventListener("pointerleave", () => {
    if (!held) for (const { over } of hands) over?.([-1, -1]);
  });
  for (const end of ["pointerup", "pointercancel"])
    frame.addEventListener(end, () => (held = undefined));
  const releaseKeys = keepKeys(el, (event) =>
    hands
      .find(({ panel, below }) => [panel, below].some((part) => part?.contains(event.target)))
      ?.key?.(event),
  );
  controls.forEach(({ show }, i) => show(model.get("controls")[i]));
  model.on("msg:custom", receive);
  model.on("comm_live_update", () => request());
  const observer = new ResizeObserver(([{ contentRect }]) => {
    wide = contentRect.width;
    if (pixels() !== drawn) request();
  });
  observer.observe(picture);
  return () => {
    observer.disconnect();
    stop();
    clearTimeout(timer);
    releaseKeys();
  };
}

export default { render };
