// Back closes what lies over the map before it leaves the page.
//
// What is opened over the map gets an entry of its own in the history; closing it by a button
// takes the entry away again, so that the next Back is not an empty one.

let close = null;
let leaving = false;

function mark() { if (!history.state?.over) history.pushState({ over: true }, ''); }

/** Something is open over the map; `how()` closes it and gives false where it has to stay. */
export function opened(how) {
  close = how;
  if (!leaving) mark();
}

/** What was open was closed by other means than Back. */
export function closed() {
  if (!close) return;
  close = null;
  if (!history.state?.over || leaving) return;
  leaving = true;
  history.back();
}

addEventListener('popstate', () => {
  if (leaving) {
    leaving = false;
    if (close) mark();
    return;
  }
  const how = close;
  close = null;
  if (how?.() === false) opened(how);
});
