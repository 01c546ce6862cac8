/** The loop of a trainer: works a little, tells how far it is, looks for messages, works on. */
import { asEngineError } from '../engine/errors';
import type { Job } from '../protocol/generated/Job';
import type { Outcome } from '../protocol/generated/Outcome';
import type { StepView } from '../protocol/generated/StepView';
import type { FromTrainer, ToTrainer } from '../protocol/messages';

/** What the loop needs of `Evaluator`. */
export interface JobEvaluator {
  begin(job: Job): Outcome | null;
  resume(job: Job, checkpoint: Uint8Array): Outcome | null;
  step(macs: number): StepView;
  checkpoint(): Uint8Array;
}

export interface TrainingHost {
  readonly evaluator: JobEvaluator;
  /** What is transferred is no longer here afterwards. */
  readonly post: (message: FromTrainer, transfer?: Transferable[]) => void;
  /** Milliseconds, for telemetry and for the size of a step only. */
  readonly now: () => number;
  /** Calls back after waiting messages have been handled. */
  readonly soon: (work: () => void) => void;
}

/** A step should take this long: short enough to answer at once, long enough to make the border's cost vanish. */
const STEP_MS = 15;
const FIRST_STEP_MACS = 1_000_000;
const PROGRESS_MS = 100;

export class Training {
  #job: Job | undefined;
  #isPaused = false;
  #isScheduled = false;
  #macs = FIRST_STEP_MACS;
  #toldAt = -Infinity;

  constructor(private readonly host: TrainingHost) {}

  handle(message: ToTrainer): void {
    switch (message.kind) {
      case 'job':
        this.#begin(message.job, message.checkpoint);
        break;
      case 'pause':
        this.#isPaused = true;
        break;
      case 'resume':
        this.#isPaused = false;
        this.#schedule();
        break;
      default:
        message satisfies never;
    }
  }

  #begin(job: Job, checkpoint: Uint8Array | undefined): void {
    this.#guard(() => {
      const outcome = checkpoint
        ? this.host.evaluator.resume(job, checkpoint)
        : this.host.evaluator.begin(job);
      // What fits the last network says little of this one: a step that ends early, with an epoch, looks fast.
      this.#macs = FIRST_STEP_MACS;
      this.#toldAt = -Infinity;
      if (outcome) this.host.post({ kind: 'done', job: job.id, outcome });
      else {
        this.#job = job;
        this.#schedule();
      }
    });
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.host.soon(() => {
      this.#isScheduled = false;
      if (!this.#isPaused && this.#job) this.#guard(this.#work);
    });
  }

  readonly #work = (): void => {
    const job = this.#job;
    if (!job) return;
    const start = this.host.now();
    const { progress, outcome, may_go_on: mayGoOn } = this.host.evaluator.step(this.#macs);
    const end = this.host.now();
    // At most doubled at once, since the first measurement of a job can be far off; never 0, which would stay.
    const wanted = (this.#macs * STEP_MS) / Math.max(end - start, 0.1);
    this.#macs = Math.max(1, Math.round(Math.min(wanted, 2 * this.#macs)));
    if (outcome || end - this.#toldAt >= PROGRESS_MS) {
      this.#toldAt = end;
      this.host.post({
        kind: 'progress',
        job: job.id,
        fraction: progress.fraction_done,
        curve: progress.curve,
      });
    }
    if (outcome) {
      this.#job = undefined;
      this.#end(job, outcome, mayGoOn);
    } else this.#schedule();
  };

  #end(job: Job, outcome: Outcome, mayGoOn: boolean): void {
    const checkpoint =
      mayGoOn && outcome.outcome === 'trained' ? this.host.evaluator.checkpoint() : undefined;
    const message = { kind: 'done', job: job.id, outcome } as const;
    if (checkpoint) this.host.post({ ...message, checkpoint }, [checkpoint.buffer]);
    else this.host.post(message);
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#job = undefined;
      // A panic of the engine leaves its memory in an unknown state: the page replaces this worker.
      if (error instanceof WebAssembly.RuntimeError) throw error;
      this.host.post({ kind: 'failed', error: asEngineError(error) });
    }
  }
}
