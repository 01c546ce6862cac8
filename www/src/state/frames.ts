/** Time between updates while the page is hidden: browsers draw no frames then, but the search goes on. */
const HIDDEN_INTERVAL_MS = 500;

export function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/** Calls back once, before the next frame; in a hidden tab a little later. */
export function nextFrame(callback: () => void): void {
  if (document.hidden) {
    setTimeout(callback, HIDDEN_INTERVAL_MS);
  } else {
    requestAnimationFrame(callback);
  }
}
