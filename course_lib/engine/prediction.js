// One prediction on the page: native radio buttons or a number field, a button, and a line that
// screen readers announce. The right answer is not here: the kernel sends its words when asked.

const SILENCE =
  "No answer from the kernel yet. If it is not running any more, run this cell again.";

let forms = 0; // radio buttons of one form share a name that no other form has

function render({ model, el }) {
  const name = `prediction-${(forms += 1)}`;
  const choices = model.get("choices");
  const fields = choices.map((value) => make("input", { type: "radio", name, value, required: true }));
  const number = make("input", { type: "text", inputMode: "decimal", required: true, size: 8 });
  number.autocomplete = "off";
  const answers = choices.length
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
    make("button", { type: "submit" }, "Predict"),
    feedback,
  );
  const releaseKeys = keepKeys(form);

  let timer;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = choices.length ? fields.find((field) => field.checked)?.value : number.value;
    clearTimeout(timer);
    timer = setTimeout(() => say(isBusy(model) ? BUSY : SILENCE), PATIENCE);
    model.send({ given });
  });

  function show() {
    const given = model.get("given");
    for (const field of fields) field.checked = field.value === given;
    if (given) number.value = given;
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
  }
  show();
  answer();
  model.on("msg:custom", answer);
  model.on("change:given", show);
  el.append(form);
  return () => {
    clearTimeout(timer);
    releaseKeys();
    model.off("msg:custom", answer);
    model.off("change:given", show);
  };
}

export default { render };
