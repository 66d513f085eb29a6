// A worked answer's lines on the page, to be put in order. One of them is chosen, as one of a group
// of radio buttons, and the buttons below move it; so a key or a click that is repeated moves the
// same line on. Which order is right is not here: the kernel is asked.

const SILENT = "No answer from the kernel yet. If it is not running any more, run this cell again.";

let lists = 0; // radio buttons of one list share a name that no other list has

function render({ model, el }) {
  const name = `lines-${(lists += 1)}`;
  const texts = model.get("lines");
  const rows = texts.map((text, line) => row(text, line, name));
  const order = make("ol", {});
  const out = make("ul", {});
  const outside = make("div", { className: "out" }, make("p", {}, "Left out:"), out);
  const status = make("p", {});
  status.setAttribute("role", "status");
  const up = button("↑ Up", "Alt+ArrowUp", () => move(-1));
  const down = button("↓ Down", "Alt+ArrowDown", () => move(1));
  const leave = button("", "Delete", leaveOrReturn);
  const check = make("button", { type: "submit" }, "Check the order");
  const fieldset = make("fieldset", {});
  const legend = make("legend", {}, make("strong", {}, "Lines in order: "), model.get("task"));
  const head = make("pre", {}, model.get("head"));
  fieldset.append(legend, head, order, outside);
  const form = make("form", { className: "prediction lines" }, fieldset);
  form.append(make("div", { className: "buttons" }, up, down, leave, check), status);
  const keys = { ArrowUp: up, ArrowDown: down };
  const releaseKeys = keepKeys(form, (event) => {
    const meant = event.altKey ? keys[event.key] : event.key === "Delete" ? leave : null;
    if (!meant) return;
    event.preventDefault();
    meant.click();
  });

  let timer;
  let chosen = model.get("order")[0];
  form.addEventListener("change", (event) => {
    chosen = Number(event.target.value);
    show();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    timer = setTimeout(() => say(isBusy(model) ? BUSY : SILENT), PATIENCE);
    model.send({ check: model.get("order") });
  });

  function move(by) {
    const places = [...model.get("order")];
    const at = places.indexOf(chosen);
    const to = at + by;
    if (at < 0 || to < 0 || to >= places.length) return;
    [places[at], places[to]] = [places[to], places[at]];
    change(places, `Now line ${to + 1} of ${places.length}.`);
  }
  function leaveOrReturn() {
    const places = model.get("order");
    const others = places.filter((line) => line !== chosen);
    if (others.length < places.length) change(others, "Left out.");
    else change([...places, chosen], `Put back as line ${places.length + 1}.`);
  }
  function change(places, words) {
    model.set({ order: places, right: null, wrong: null, feedback: words });
    model.save_changes();
    show();
    say(words);
  }

  // The rows that have changed their place are moved; what had the focus keeps it.
  function show() {
    const places = model.get("order");
    const focused = form.getRootNode().activeElement;
    arrange(order, places.map((line) => rows[line]));
    arrange(out, texts.map((_, line) => line).filter((line) => !places.includes(line)).map((line) => rows[line]));
    outside.hidden = places.length === texts.length;
    if (form.contains(focused)) focused.focus();
    const at = places.indexOf(chosen);
    for (const [line, row] of rows.entries()) {
      row.querySelector("input").checked = line === chosen;
      row.querySelector("b").textContent = "";
    }
    const wrong = model.get("wrong");
    if (wrong !== null) rows[places[wrong]].querySelector("b").textContent = "← first wrong line";
    up.setAttribute("aria-disabled", at <= 0);
    down.setAttribute("aria-disabled", at < 0 || at === places.length - 1);
    leave.textContent = at < 0 ? "Put back" : "Leave out";
  }
  function say(words, right = null) {
    form.dataset.right = right;
    const mark = right === null ? [] : [make("span", { ariaHidden: "true" }, right ? "✓ " : "○ ")];
    status.replaceChildren(...mark, words);
  }
  function answer() {
    clearTimeout(timer);
    show();
    say(model.get("feedback"), model.get("right"));
  }
  answer();
  model.on("msg:custom", answer);
  el.append(form);
  return () => {
    clearTimeout(timer);
    releaseKeys();
    model.off("msg:custom", answer);
  };
}

// A line that is too long for the page is broken, and goes on below its own beginning.
function row(text, line, name) {
  const radio = make("input", { type: "radio", name, value: String(line) });
  const deep = text.search(/\S/);
  const code = make("code", {}, text.trimStart());
  code.style.marginLeft = `${deep}ch`;
  const level = make("span", { className: "unseen" }, `level ${deep / 4}: `);
  return make("li", {}, make("label", {}, radio, make("span", {}, level, code), make("b", {})));
}

function button(words, key, act) {
  const made = make("button", { type: "button", onclick: act }, words);
  made.setAttribute("aria-keyshortcuts", key);
  return made;
}

function arrange(list, rows) {
  rows.forEach((row, place) => {
    if (list.children[place] !== row) list.insertBefore(row, list.children[place] ?? null);
  });
  while (list.children.length > rows.length) list.lastChild.remove();
}

export default { render };
