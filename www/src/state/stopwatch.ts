/** Measures time while it runs; pauses do not count. */
export class Stopwatch {
  #before = 0;
  #since: number | null = null;

  constructor(private readonly now: () => number) {}

  elapsed(): number {
    return this.#before + (this.#since === null ? 0 : this.now() - this.#since);
  }

  /** Goes on or stops. */
  run(isRunning: boolean): void {
    this.#before = this.elapsed();
    this.#since = isRunning ? this.now() : null;
  }

  restart(): void {
    this.clear();
    this.run(true);
  }

  clear(): void {
    this.#before = 0;
    this.#since = null;
  }
}
