import type { DatasetInfo } from '../protocol/generated/DatasetInfo';
import { EngineFailure, asEngineError } from './errors';
import { fetchBytes } from './fetch-bytes';

/** Dataset files, fetched when they are first needed. A failed fetch is tried again the next time. */
export class DataFiles {
  readonly #files = new Map<string, Promise<ArrayBuffer>>();

  constructor(private readonly datasets: readonly DatasetInfo[]) {}

  get(id: string): Promise<ArrayBuffer> {
    const known = this.#files.get(id);
    if (known) return known;
    const file = this.#fetch(id);
    this.#files.set(id, file);
    file.catch(() => {
      this.#files.delete(id);
    });
    return file;
  }

  async #fetch(id: string): Promise<ArrayBuffer> {
    if (!this.datasets.some((dataset) => dataset.id === id))
      throw unavailable(id, 'there is no such dataset');
    return fetchBytes(`./data/${id}.nasdata`).catch((error: unknown) => {
      throw unavailable(id, asEngineError(error).message);
    });
  }
}

function unavailable(id: string, reason: string): EngineFailure {
  return new EngineFailure(
    'data-unavailable',
    `the images of ${id} could not be loaded (${reason}): check the connection and try again`,
    { id },
  );
}
