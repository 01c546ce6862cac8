/** Checkpoints of trainings that rest, so that they go on from where they are. */

/** Bytes that are kept: those of several hundred trainings of 10,000 parameters. */
const MAX_BYTES = 64 * 2 ** 20;

/** One that is no longer here is not missed: its training begins anew, to the same bits. */
export class Checkpoints {
  /** By the key of the evaluation, the oldest first. */
  readonly #kept = new Map<string, Uint8Array>();
  #bytes = 0;

  constructor(private readonly maxBytes = MAX_BYTES) {}

  /** Keeps the newest checkpoint of an evaluation; none once there is nothing more to train. The oldest make room for it. */
  put(key: string, checkpoint: Uint8Array | undefined): void {
    this.#drop(key);
    if (checkpoint) {
      this.#kept.set(key, checkpoint);
      this.#bytes += checkpoint.length;
    }
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.maxBytes) break;
      this.#drop(oldest);
    }
  }

  get(key: string): Uint8Array | undefined {
    return this.#kept.get(key);
  }

  #drop(key: string): void {
    this.#bytes -= this.#kept.get(key)?.length ?? 0;
    this.#kept.delete(key);
  }
}
