/** What people do with keys, mouse and fingers. React 18 answers each by hydrating at once whatever it hits. */
const deeds = [
  ...['keydown', 'keypress', 'keyup', 'beforeinput', 'input', 'change', 'submit', 'reset'],
  ...['pointerdown', 'pointerup', 'mousedown', 'mouseup', 'click', 'auxclick', 'contextmenu'],
  ...['touchstart', 'touchend', 'touchcancel', 'dragstart', 'dragend', 'drop', 'copy', 'cut', 'paste'],
]

/**
 * Keeps what people do before the page is hydrated between them and the browser: fields take letters, links lead on, forms are
 * sent, as without scripts. React must not hear of it: Remix still waits for the page's data then, React can't wait in such a
 * hurry, gives up ('Root did not complete'), and the page would stay without scripts for good.
 * @returns the function that lets React hear from now on
 */
export function holdBackDeeds(): () => void {
  // On the window, which hears before the document, where React listens.
  const hold = (event: Event) => event.stopImmediatePropagation()
  for (const deed of deeds) window.addEventListener(deed, hold, true)
  return () => {
    for (const deed of deeds) window.removeEventListener(deed, hold, true)
  }
}
