/** Tables of measurements, kept in the browser by the digest of their content. */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { Method } from '../protocol/generated/Method';

/** A table as it is kept. */
export interface KeptTable {
  readonly sha256: string;
  readonly csv: string;
  /** The device that it was filled on or for. */
  readonly device: string;
  readonly estimator: Method;
  /** When it came here, in milliseconds since 1970. */
  readonly at: number;
}

/** Where tables are kept between visits. */
export interface TableShelf {
  keep(table: KeptTable): Promise<void>;
  /** All tables, the newest first. */
  all(): Promise<KeptTable[]>;
}

const DATABASE = 'nas-playground-tables';
const SCHEMA_VERSION = 1;
/** The oldest make way for more. */
const KEPT_MAX = 32;

interface Schema extends DBSchema {
  tables: { key: string; value: KeptTable };
}

/** IndexedDB, or nothing where it is blocked or full: tables can still be saved as files. */
export class BrowserTableShelf implements TableShelf {
  #database: Promise<IDBPDatabase<Schema>> | undefined;

  async keep(table: KeptTable): Promise<void> {
    try {
      const database = await this.#open();
      await database.put('tables', table);
      const tooOld = (await this.all()).slice(KEPT_MAX);
      await Promise.all(tooOld.map(({ sha256 }) => database.delete('tables', sha256)));
    } catch {
      // It is there until the page is left.
    }
  }

  async all(): Promise<KeptTable[]> {
    try {
      const tables = await (await this.#open()).getAll('tables');
      return tables.sort((a, b) => b.at - a.at);
    } catch {
      return [];
    }
  }

  #open(): Promise<IDBPDatabase<Schema>> {
    this.#database ??= openDB<Schema>(DATABASE, SCHEMA_VERSION, {
      upgrade: (database) => {
        database.createObjectStore('tables', { keyPath: 'sha256' });
      },
    });
    return this.#database;
  }
}
