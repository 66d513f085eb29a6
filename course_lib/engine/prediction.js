// One prediction on the page: native radio buttons, a number field or a grid of checkboxes to
// paint, a button, and a line that screen readers announce. The right answer is not here: the
// kernel sends its words when asked.

const SILENCE =
  "No answer from the kernel yet. If it is not running any more, run this cell again.";
const HOW = "Press a cell to paint it, or drag. Arrow keys move, Space paints, Delete clears.";

let forms = 0; // radio buttons of one form share a name that no other form has

// A table of cells; `fill` gives each what stands in it.
function makeTable({ title, heads, ringed }, fill) {
  const [rows, columns] = heads;
  const head = columns.map((text) => make("th", { scope: "col" }, text));
  const body = rows.map((text, i) => {
    const cells = columns.map((_, j) => make("td", {}, ...fill(i, j)));
    return make("tr", {}, make("th", { scope: "row" }, text), ...cells);
  });
  for (const [i, j] of ringed) body[i].children[j + 1].className = "ringed";
  return make(
    "table",
    {},
    make("caption", {}, title),
    make("thead", {}, make("tr", {}, make("td", {}), ...head)),
    make("tbody", {}, ...body),
  );
}

// Cells to paint: with the pointer, also in one stroke; with the keys as an explorer's pad. One of
// them is reached by Tab, the others by the arrow keys.
function makePainting({ title, texts, heads, names, ringed }, signs) {
  const cells = names[0].map(() => names[1].map(() => make("input", { type: "checkbox" })));
  const shown = cells.map((row) => row.map(() => make("span", { ariaHidden: "true" })));
  const table = makeTable({ title, heads, ringed }, (i, j) => {
    const text = make("span", { className: "text", ariaHidden: "true" }, texts[i][j]);
    return [make("label", {}, cells[i][j], text, shown[i][j])];
  });
  table.setAttribute("role", "grid");
  table.className = "paint";
  const all = cells.flat();
  const inRange = (i, j) => cells[clamp(i, 0, cells.length - 1)][clamp(j, 0, cells[0].length - 1)];

  function stand(cell) {
    for (const other of all) other.tabIndex = other === cell ? 0 : -1;
  }
  stand(all[0]);
  function mark(marks) {
    cells.forEach((row, i) =>
      row.forEach((cell, j) => {
        const said = marks[i]?.[j] ?? "";
        cell.ariaLabel = [names[0][i], names[1][j], texts[i][j], said].filter(Boolean).join(", ");
        cell.dataset.mark = said;
        shown[i][j].textContent = signs[said] ?? "";
      }),
    );
  }
  const changed = () => table.dispatchEvent(new Event("change", { bubbles: true }));
  table.addEventListener("focusin", ({ target }) => stand(target));

  let brush = null; // what a stroke paints; null: no button is down
  let pressed = false; // whether the click to come has painted already
  function paint(cell) {
    if (!cell || cell.checked === brush) return;
    cell.checked = brush;
    changed();
  }
  const cellOf = (element) => element?.closest(".paint td")?.querySelector("input");
  table.addEventListener("pointerdown", (event) => {
    const cell = cellOf(event.target);
    if (!cell || event.button !== 0) return;
    event.preventDefault();
    cell.focus();
    [brush, pressed] = [!cell.checked, true];
    paint(cell);
  });
  table.addEventListener("pointermove", ({ clientX, clientY }) => {
    const under = table.getRootNode().elementFromPoint(clientX, clientY); // a finger keeps its first
    if (brush !== null && table.contains(under)) paint(cellOf(under));
  });
  table.addEventListener("click", (event) => {
    if (pressed && event.detail) event.preventDefault();
    pressed = false;
  });
  const lift = () => (brush = null);
  for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, lift);

  return {
    table,
    mark,
    given: () =>
      names[0]
        .flatMap((_, i) => names[1].map((_, j) => (cells[i][j].checked ? `(${i}, ${j})` : "")))
        .filter(Boolean)
        .join(", "),
    show(given) {
      for (const cell of all) cell.checked = false;
      for (const [, i, j] of given.matchAll(/\((\d+), (\d+)\)/g)) inRange(+i, +j).checked = true;
    },
    key(event) {
      const i = cells.findIndex((row) => row.includes(event.target));
      if (i < 0) return;
      const arrow = ARROWS[event.key];
      if (arrow) inRange(i - arrow[1], cells[i].indexOf(event.target) + arrow[0]).focus();
      else if (event.key === "Delete" || event.key === "Backspace") {
        for (const cell of all) cell.checked = false;
        changed();
      } else return;
      event.preventDefault();
    },
    end() {
      for (const end of ["pointerup", "pointercancel"]) window.removeEventListener(end, lift);
    },
  };
}

function render({ model, el }) {
  const name = `prediction-${(forms += 1)}`;
  const choices = model.get("choices");
  const grids = model.get("grids");
  const fields = choices.map((value) => make("input", { type: "radio", name, value, required: true }));
  const number = make("input", { type: "text", inputMode: "decimal", required: true, size: 8 });
  number.autocomplete = "off";
  const signs = model.get("signs");
  const legend = Object.entries(signs).map(([mark, sign]) => `${sign} ${mark}`);
  const painting = grids.length ? makePainting(grids.at(-1), signs) : null;
  const beside = grids.slice(0, -1).map((grid) => makeTable(grid, (i, j) => [grid.texts[i][j]]));
  const below = make("small", { id: `${name}-how` });
  painting?.table.setAttribute("aria-describedby", below.id);
  const answers = painting
    ? [make("div", { className: "grids" }, ...beside, painting.table), below]
    : choices.length
      ? fields.map((field, i) => make("label", {}, field, make("span", {}, choices[i])))
      : [make("label", {}, make("span", {}, "Your number"), number)];
  const feedback = make("p", {});
  feedback.setAttribute("role", "status");
  const form = make(
    "form",
    { className: "prediction" },
    make(
      "fieldset",
      {},
      make("legend", {}, make("strong", {}, model.get("opening")), model.get("question")),
      ...answers,
    ),
    make("button", { type: "submit" }, painting ? "Check" : "Predict"),
    feedback,
  );
  const releaseKeys = keepKeys(form, painting?.key);

  const chosen = () => (choices.length ? fields.find((field) => field.checked)?.value : number.value);
  let timer;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    timer = setTimeout(() => say(isBusy(model) ? BUSY : SILENCE), PATIENCE);
    model.send({ given: painting ? painting.given() : chosen() });
  });
  form.addEventListener("change", () => mark([])); // what was said is of another painting

  function show() {
    const given = model.get("given");
    for (const field of fields) field.checked = field.value === given;
    if (given) number.value = given;
    if (given) painting?.show(given);
  }
  function mark(marks) {
    painting?.mark(marks);
    below.textContent = marks.length ? legend.join(", ") : HOW;
  }
  // What is right or wrong opens with a mark and the sentence's first words in bold.
  function say(words, right = null) {
    form.dataset.right = right;
    const [, opening, rest] = words.match(/^(.*?[.:])( .*)$/s) ?? [null, words, ""];
    if (right === null) return feedback.replaceChildren(words);
    const mark = make("span", { ariaHidden: "true" }, right ? "✓ " : "○ ");
    feedback.replaceChildren(make("strong", {}, mark, opening), rest);
  }
  function answer() {
    clearTimeout(timer);
    say(model.get("feedback"), model.get("right"));
    mark(model.get("marks"));
  }
  show();
  answer();
  model.on("msg:custom", answer);
  model.on("change:given", show);
  el.append(form);
  return () => {
    clearTimeout(timer);
    releaseKeys();
    painting?.end();
    model.off("msg:custom", answer);
    model.off("change:given", show);
  };
}

export default { render };
