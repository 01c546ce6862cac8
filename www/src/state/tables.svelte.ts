import type { Engine, EngineError, Measuring } from '../engine/engine';
import { EngineFailure, asEngineError } from '../engine/errors';
import type { KeptTable, TableShelf } from '../store/table-shelf';

/** As on the command line. */
const MAX_FILE_BYTES = 16 * 2 ** 20;

/** What a table is of. */
export type TableOf = Pick<KeptTable, 'device' | 'estimator'>;

/** Tables of measurements: those kept in this browser, those opened from files, and the one being measured. */
export class Tables {
  #known = $state.raw<readonly KeptTable[]>([]);
  #isLoaded = $state.raw(false);
  #progress = $state.raw<number | null>(null);
  #error = $state.raw<EngineError | null>(null);
  #measuring: Measuring | null = null;

  constructor(
    private readonly engine: Engine,
    private readonly shelf: TableShelf,
    private readonly now: () => number,
  ) {}

  /** Whether those kept on an earlier visit are here. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Share of the measurement under way that is done; null if there is none. */
  get progress(): number | null {
    return this.#progress;
  }

  /** Why the newest file could not be read, or the newest measurement failed. */
  get error(): EngineError | null {
    return this.#error;
  }

  /** The table of this digest, if it is here. */
  find(sha256: string | undefined): KeptTable | undefined {
    return this.#known.find((table) => table.sha256 === sha256);
  }

  /** The newest table of this. */
  newestOf({ device, estimator }: TableOf): KeptTable | undefined {
    return this.#known.find((table) => table.device === device && table.estimator === estimator);
  }

  /** Takes those that were kept on earlier visits; a damaged one is left out. */
  async load(): Promise<void> {
    const kept = await this.shelf.all();
    const sound = kept.filter((table) => {
      try {
        const view = this.engine.readTable(table.csv);
        if (view.sha256 !== table.sha256) return false;
        this.engine.addTable(view);
        return true;
      } catch {
        return false;
      }
    });
    this.#known = [...this.#known, ...sound];
    this.#isLoaded = true;
  }

  /** Reads a table from a file; null, with an error, if that cannot be. */
  async open(file: Pick<File, 'name' | 'size' | 'text'>, of: TableOf): Promise<KeptTable | null> {
    try {
      if (file.size > MAX_FILE_BYTES) {
        throw new EngineFailure('bad-table', `${file.size} bytes, at most ${MAX_FILE_BYTES} are read`);
      }
      return this.#take(await file.text(), of);
    } catch (error) {
      const { code, message } = asEngineError(error);
      this.#error = { code, message: `${file.name}: ${message}` };
      return null;
    }
  }

  /** Measures this browser; null if that was cancelled, or with an error if it failed. */
  async measure(of: TableOf): Promise<KeptTable | null> {
    this.cancel();
    this.#error = null;
    this.#progress = 0;
    const measuring = this.engine.measure((share) => {
      if (this.#measuring === measuring) this.#progress = share;
    });
    this.#measuring = measuring;
    try {
      const csv = await measuring.csv;
      return this.#measuring === measuring ? this.#take(csv, of) : null;
    } catch (error) {
      if (this.#measuring === measuring) this.#error = asEngineError(error);
      return null;
    } finally {
      if (this.#measuring === measuring) this.#forget();
    }
  }

  /** Ends the measurement under way, if there is one. */
  cancel(): void {
    const measuring = this.#measuring;
    this.#forget();
    measuring?.cancel();
  }

  dismissError(): void {
    this.#error = null;
  }

  #forget(): void {
    this.#measuring = null;
    this.#progress = null;
  }

  #take(csv: string, of: TableOf): KeptTable {
    const view = this.engine.readTable(csv);
    if (view.missing.length > 0) throw incomplete(view.missing);
    const table: KeptTable = { sha256: view.sha256, csv: view.csv, ...of, at: this.now() };
    this.engine.addTable(view);
    this.#known = [table, ...this.#known.filter(({ sha256 }) => sha256 !== table.sha256)];
    this.#error = null;
    void this.shelf.keep(table);
    return table;
  }
}

function incomplete(missing: readonly string[]): EngineFailure {
  return new EngineFailure(
    'bad-table',
    `no row of ${missing.join(', ')}: a run needs a row of each kind of operator`,
  );
}
