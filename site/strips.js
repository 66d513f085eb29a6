// A strip: the notebook's own front end, which stands above, answered by what was recorded in place
// of a kernel. Until its script has arrived, without JavaScript and in print a still picture stands
// there. A page that was opened from a file may load scripts, and may not fetch.

const NARROW = 500; // below this many CSS pixels a picture's panels stand one below the other
const WIDTHS = { wide: 691, narrow: 320 }; // in the names of the scripts
const arriving = {}; // by a script's name: its story as a promise, and what keeps the promise

function load(address) {
  const name = address.split("/").at(-1);
  if (!arriving[name]) {
    const script = make("script", { src: `${address}.js` });
    const story = new Promise((keep, fail) => {
      arriving[name] = { keep };
      script.addEventListener("error", () => fail(new Error(`${name} is missing`)));
    });
    arriving[name].story = story;
    document.head.append(script);
  }
  return arriving[name].story;
}

// What every script of a strip calls: its pictures' words, and all their tiles on one sheet.
window.strip = (name, told, sheet) => arriving[name].keep(unpack(bytes(told), bytes(sheet)));

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

async function unpack(told, sheet) {
  const plain = new Blob([told]).stream().pipeThrough(new DecompressionStream("deflate"));
  const image = new Blob([sheet], { type: "image/webp" });
  const [story, tiles] = await Promise.all([new Response(plain).json(), createImageBitmap(image)]);
  return { ...story, tiles };
}

// The number of the tile at every place of a picture.
function mosaic({ pictures }, number) {
  const places = [];
  for (const runs of [pictures[0].runs, pictures[number].runs])
    for (const [place, tile, count] of runs)
      for (let i = 0; i < count; i++) places[place + i] = tile + i;
  return places;
}

// Brings a canvas to picture `number`; draws the tiles only that are not there.
function makePainter() {
  let [shown, there] = [null, []];
  return function paint(canvas, story, number) {
    const { tile, columns, tiles, pictures } = story;
    const [width, height] = pictures[0].pixels;
    if (shown !== story) {
      Object.assign(canvas, { width, height });
      canvas.style.aspectRatio = `${width} / ${height}`;
      [shown, there] = [story, []];
    }
    const context = canvas.getContext("2d");
    const across = Math.ceil(width / tile);
    const wanted = mosaic(story, number);
    wanted.forEach((from, to) => {
      if (from === there[to]) return;
      const [x, y] = [(from % columns) * tile, Math.floor(from / columns) * tile];
      const [left, top] = [(to % across) * tile, Math.floor(to / across) * tile];
      context.drawImage(tiles, x, y, tile, tile, left, top, tile, tile);
    });
    there = wanted;
    return true;
  };
}

const scriptFor = (strip, width) =>
  `${strip.dataset.strip}-${width < NARROW ? WIDTHS.narrow : WIDTHS.wide}`;

// The number of the value that comes nearest.
const nearest = (values, wanted) =>
  values.reduce(
    (best, value, i) => (Math.abs(value - wanted) < Math.abs(values[best] - wanted) ? i : best),
    0,
  );

// The data coordinates at a place of the picture, along the axes that count.
function under([x, y], { box: [left, top, right, bottom], limits, along }) {
  const share = { x: (x - left) / (right - left), y: (y - bottom) / (top - bottom) };
  return limits.map(([low, high], axis) => low + share[along[axis]] * (high - low));
}

// Which part of a control a move means, and the numbers of the place along the part's axes that the
// move leads to: the nearest, or with a key the next one.
const MEANT = {
  range: ({ parts }, value) => [parts[0], [Number(value)]],
  select: ({ parts, options }, value) => [parts[0], [options.indexOf(value)]],
  checkbox: ({ parts }, value) => [parts[0], [Number(value)]],
  touch: (...all) => MEANT.point(...all),
  point(state, moves) {
    const [index, { at, to }] = Object.entries(moves).at(-1);
    const part = state.parts[index];
    const along = (number) => [part, part.axes.map(number)];
    if (at) {
      const goal = under(at, state);
      return along((values, i) => nearest(values, goal[i]));
    }
    const from = state.points[index] ?? state.limits.map(([low, high]) => (low + high) / 2);
    const next = (values, i) => nearest(values, from[i]) + Math.sign(to[i] - from[i]);
    return along((values, i) => clamp(next(values, i), 0, values.length - 1));
  },
  pad({ parts, value }, moved) {
    const [cells, shown] = [moved.flat(), value.flat()];
    const changed = [...cells.keys()].filter((i) => cells[i] !== shown[i]);
    if (changed.length > 1 && cells.every((cell) => cell === cells[0])) return [parts.at(-1), [0]];
    return changed.map((i) => [parts[i], [nearest(parts[i].axes[0], cells[i])]])[0];
  },
};

// The number of the picture that a move of a control leads to from picture `shown`. A pointer that
// passes over a panel takes back nothing else.
function leads(state, move, shown) {
  const [first] = state.parts;
  if (state.hover && !move?.[0].to && ![0, ...first.pictures].includes(shown)) return shown;
  if (move === null) return 0;
  const [part, place] = MEANT[state.kind](state, move) ?? [];
  const number = place?.reduce((sum, n, i) => sum * part.axes[i].length + n, 0);
  return part?.pictures[number] ?? shown;
}

// The controls as they stand in picture `number`.
const standing = ({ controls, pictures }, number) =>
  controls.map((control, i) => {
    const { between, ...state } = { ...control, ...pictures[number].controls[i] };
    if (between) state.names = state.names.map((one, n) => (n === state.value ? between : one));
    return state;
  });

// What stands in for a kernel's model, and can `go` to what a piece of code stands for. `tell` hears
// the code of every picture.
function recorded(strip, first, tell) {
  const paint = makePainter();
  let [receive, code] = [null, ""]; // the code of what is shown
  async function send({ view, values = {}, css }) {
    const story = await load(scriptFor(strip, css));
    const [name, value] = Object.entries(values).at(-1) ?? [];
    const moved = story.controls.findIndex((control) => control.name === name);
    const same = (one) => settings(one.code) === settings(code);
    const shown = Math.max(0, story.pictures.findIndex(same));
    const number = moved < 0 ? shown : leads(standing(story, shown)[moved], value, shown);
    const picture = story.pictures[number];
    const controls = standing(story, number);
    if (controls[moved] && !controls[moved].box) controls[moved].value = value;
    code = picture.code;
    tell(code);
    const draw = (canvas) => paint(canvas, story, number);
    receive({ view, words: picture.words, code, controls, draw }, []);
  }
  function go(there) {
    code = there;
    return send({ css: strip.clientWidth });
  }
  const on = (event, callback) => event === "msg:custom" && (receive = callback);
  return { get: (key) => first[key], on, send, go };
}

const settings = (code) => code.slice(code.indexOf("(")); // of a call: "(stride=3)"

// Puts the front end in place of the still picture.
async function mount(strip) {
  const story = await load(scriptFor(strip, strip.clientWidth));
  const el = make("div");
  const link = make("a", { textContent: "Link to this setting" });
  const tell = (code) => (link.href = `#${strip.id}${encodeURIComponent(settings(code))}`);
  const model = recorded(strip, story, tell);
  render({ model, el });
  el.append(make("p", { className: "note" }, story.note, " ", link));
  strip.append(el);
  strip.classList.add("moves"); // the still picture goes, but for print
  return model;
}

const models = new Map();
function moves(strip) {
  near.unobserve(strip);
  if (!models.has(strip)) models.set(strip, mount(strip));
  return models.get(strip);
}

const near = new IntersectionObserver(
  (seen) => seen.forEach(({ target, isIntersecting }) => isIntersecting && moves(target)),
  { rootMargin: "100% 0px" }, // a screen before it is seen
);
for (const strip of document.querySelectorAll("[data-strip]")) near.observe(strip);

// #explore.knobs(gamma=2) names an explorer of this page, and how it stands.
async function follow() {
  const code = decodeURIComponent(location.hash.slice(1));
  const strip = document.getElementById(code.split("(", 1)[0]);
  if (!strip?.dataset.strip) return;
  (await moves(strip)).go(code);
  strip.scrollIntoView();
}
addEventListener("hashchange", follow);
follow();
