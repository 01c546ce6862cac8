import type { EngineError } from '../engine/engine';
import { EngineFailure, asEngineError } from '../engine/errors';
import type { PricedView } from '../protocol/generated/PricedView';

/** The largest network file that is read, as on the command line: far more than the largest network needs. */
const MAX_FILE_BYTES = 16 * 2 ** 20;

export interface NetworkFile {
  readonly name: string;
  readonly json: string;
}

/** A network of one's own, opened from a file. One that cannot be leaves what was there. */
export class OwnNetwork {
  #file = $state.raw<NetworkFile | null>(null);
  #error = $state.raw<EngineError | null>(null);

  constructor(private readonly price: (json: string) => PricedView) {}

  get file(): NetworkFile | null {
    return this.#file;
  }

  /** Why the newest file could not be opened. */
  get error(): EngineError | null {
    return this.#error;
  }

  async open(file: Pick<File, 'name' | 'size' | 'text'>): Promise<void> {
    try {
      if (file.size > MAX_FILE_BYTES) throw tooLarge(file.size);
      const json = await file.text();
      this.price(json);
      this.#file = { name: file.name, json };
      this.#error = null;
    } catch (error) {
      const { code, message } = asEngineError(error);
      this.#error = { code, message: `${file.name}: ${message}` };
    }
  }

  close(): void {
    this.#file = null;
  }

  dismissError(): void {
    this.#error = null;
  }
}

function tooLarge(bytes: number): EngineFailure {
  return new EngineFailure('bad-network', `${bytes} bytes, at most ${MAX_FILE_BYTES} are read`);
}
