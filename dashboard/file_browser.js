// Carries what is pressed in the list of price files to the desk; the list itself is made in file_browser.py.
export default function ({ parentElement, data, setTriggerValue }) {
  const place = parentElement.querySelector(".files-place");
  if (place.shown !== data.html) {
    const inside = place.contains(document.activeElement);
    place.innerHTML = data.html;
    place.shown = data.html;
    if (inside) place.querySelector("button")?.focus();
  }
  place.onclick = (event) => {
    const button = event.target.closest("button[data-path]");
    if (button) setTriggerValue(button.dataset.does, button.dataset.path);
  };
}
