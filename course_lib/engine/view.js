// What every view of ours shares; the file of each is read right after this one.

const PATIENCE = 3000; // milliseconds without an answer before a view says so
const BUSY = "Waiting for the cells above: the kernel is busy.";
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// Whether the kernel is at work on something else and will answer later. Where an application does
// not say what its kernel does, it counts as silent.
function isBusy(model) {
  const kernel = model.widget_manager?.kernel;
  return kernel?.connectionStatus === "connected" && kernel.status === "busy";
}

// Keys inside an element belong to its controls: in command mode JupyterLab and Notebook would cut,
// merge or insert cells. They listen on the document before the element hears of a key, so we listen
// on the window, which comes first. Escape goes back to the notebook; Shift+Enter and what is pressed
// with Ctrl or Cmd are left to it. `own` gets the keys that are kept. Returns what ends it.
function keepKeys(element, own = () => {}) {
  function listen(event) {
    if (!event.composedPath().includes(element)) return;
    if (event.key === "Escape") element.closest(".jp-Cell")?.focus();
    else if (event.ctrlKey || event.metaKey || (event.shiftKey && event.key === "Enter")) return;
    event.stopImmediatePropagation();
    own(event);
  }
  window.addEventListener("keydown", listen, true);
  return () => window.removeEventListener("keydown", listen, true);
}

