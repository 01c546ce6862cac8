/** The newest log, kept in the browser so that a reload loses nothing. */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';

/** Where the newest log is kept between visits. */
export interface Shelf {
  /** Keeps a log in the place of the last one. */
  keep(log: string): Promise<void>;
  /** The log that was kept last; null if there is none. */
  last(): Promise<string | null>;
}

const DATABASE = 'nas-playground';
const SCHEMA_VERSION = 1;
const KEY = 'last';

interface Schema extends DBSchema {
  logs: { key: string; value: string };
}

/** IndexedDB, or nothing where it is blocked or full: the page then forgets, and works. */
export class BrowserShelf implements Shelf {
  #database: Promise<IDBPDatabase<Schema>> | undefined;

  async keep(log: string): Promise<void> {
    try {
      await (await this.#open()).put('logs', log, KEY);
    } catch {
      // The log can still be downloaded.
    }
  }

  async last(): Promise<string | null> {
    try {
      return (await (await this.#open()).get('logs', KEY)) ?? null;
    } catch {
      return null;
    }
  }

  #open(): Promise<IDBPDatabase<Schema>> {
    this.#database ??= openDB<Schema>(DATABASE, SCHEMA_VERSION, {
      upgrade: (database) => {
        database.createObjectStore('logs');
      },
    });
    return this.#database;
  }
}
