// Marks for the text, by button and by key. Each is typed as if by hand, so that the browser's own undo takes it back.

const MARKS = { bold: "**", italic: "*" };
const KEYS = { b: "bold", i: "italic", k: "link" };

/** Brings the toolbar of a form to life. */
export function toolbar(form) {
  const area = form.querySelector("textarea[name='field-body']");
  if (!area) return;
  keyboard();
  form.addEventListener("click", (event) => {
    const tool = event.target.closest("[data-do]");
    if (tool) act(area, tool.dataset.do);
  });
  area.addEventListener("keydown", (event) => {
    const what = KEYS[event.key.toLowerCase()];
    if (!what || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    event.preventDefault();
    act(area, what);
  });
}

/** How much of the window a phone's keyboard covers, for the style sheet: there the toolbar keeps above it. */
function keyboard() {
  const seen = window.visualViewport;
  const measure = () => {
    const covered = seen.scale > 1 ? 0 : Math.max(0, innerHeight - seen.height - seen.offsetTop);
    document.documentElement.style.setProperty("--keyboard", `${Math.round(covered)}px`);
  };
  for (const moved of ["resize", "scroll"]) seen.addEventListener(moved, measure);
}

function act(area, what) {
  area.focus();
  if (what === "undo" || what === "redo") document.execCommand(what);
  else if (what in MARKS) surround(area, MARKS[what]);
  else if (what === "link") link(area);
  else list(area);
}

const chosen = (area) => area.value.slice(area.selectionStart, area.selectionEnd);

function type(area, text, from, to) {
  if (!document.execCommand("insertText", false, text)) area.setRangeText(text);
  area.setSelectionRange(from, to);
}

function surround(area, mark) {
  const start = area.selectionStart, text = chosen(area), length = mark.length;
  if (text.startsWith(mark) && text.endsWith(mark) && text.length > 2 * length) {
    const bare = text.slice(length, -length);
    return type(area, bare, start, start + bare.length);
  }
  return type(area, mark + text + mark, start + length, start + length + text.length);
}

function link(area) {
  const start = area.selectionStart, text = chosen(area);
  const address = "https://";
  const at = start + text.length + 3;
  type(area, `[${text}](${address})`, text ? at : start + 1, text ? at + address.length : start + 1);
}

/** Whole lines become a list, or stop being one. */
function list(area) {
  const start = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  const after = area.value.indexOf("\n", area.selectionEnd);
  area.setSelectionRange(start, after < 0 ? area.value.length : after);
  const lines = chosen(area).split("\n");
  const is = lines.every((line) => line.startsWith("- "));
  const text = lines.map((line) => (is ? line.slice(2) : `- ${line}`)).join("\n");
  type(area, text, start, start + text.length);
}
