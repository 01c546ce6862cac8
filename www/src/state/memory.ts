/** A few words that the browser remembers between visits. */
export interface Memory {
  get(key: string): string | null;
  set(key: string, value: string): void;
}

const PREFIX = 'nas-playground.';

/** Local storage, or nothing where it is blocked: the page then forgets, and works. */
export const browserMemory: Memory = {
  get(key) {
    try {
      return localStorage.getItem(PREFIX + key);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(PREFIX + key, value);
    } catch {
      // Blocked or full: the choice holds for this visit only.
    }
  },
};
