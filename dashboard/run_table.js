// Carries what is ticked and pressed in the table of runs to the desk; the table itself is made in run_table.py.
export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  const place = parentElement.querySelector(".runs-place");
  const boxes = () => [...place.querySelectorAll("td input[data-run]")];
  const ticked = () => boxes().filter((box) => box.checked).map((box) => box.dataset.run);
  const every = () => place.querySelector("input[data-every]");

  const showEvery = () => {
    const all = every();
    if (!all) return;
    const count = ticked().length;
    all.checked = count > 0 && count === boxes().length;
    all.indeterminate = count > 0 && count < boxes().length;
  };

  if (place.shown !== data.html || place.cleared !== data.cleared) {
    const before = new Set(place.cleared === data.cleared ? ticked() : []);
    const focus = document.activeElement?.dataset?.keep;
    if (place.shown !== data.html) place.innerHTML = data.html;
    boxes().forEach((box) => { box.checked = before.has(box.dataset.run); });
    place.shown = data.html;
    place.cleared = data.cleared;
    showEvery();
    if (focus) place.querySelector(`[data-keep="${CSS.escape(focus)}"]`)?.focus();
    const now = ticked();
    if (JSON.stringify(now) !== JSON.stringify(place.sent ?? [])) {
      place.sent = now;
      setStateValue("ticked", now);
    }
  }

  place.onchange = (event) => {
    if (event.target.matches("[data-every]")) {
      boxes().forEach((box) => { box.checked = event.target.checked; });
    }
    showEvery();
    place.sent = ticked();
    setStateValue("ticked", place.sent);
  };

  place.onclick = (event) => {
    const head = event.target.closest("button[data-sort]");
    if (head) setTriggerValue("sort", head.dataset.sort);
    const link = event.target.closest("a[data-run]");
    if (link && !(event.ctrlKey || event.metaKey || event.shiftKey || event.button)) {
      event.preventDefault();
      setTriggerValue("open", link.dataset.run);
    }
  };
}
