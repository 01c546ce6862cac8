/** The driver of a run in the browser: gives jobs to trainers, takes their outcomes, tells the page. */
import type { EngineError, Lane } from '../engine/engine';
import type { EpochScore } from '../protocol/generated/EpochScore';
import type { Job } from '../protocol/generated/Job';
import type { Outcome } from '../protocol/generated/Outcome';
import type { FromCoordinator, FromTrainer, ToCoordinator, ToTrainer } from '../protocol/messages';

/** What the driver needs of `Coordinator`. */
export interface JobSource {
  nextJob(): Job | null;
  tell(job: number, outcome: Outcome): void;
  lost(job: number): void;
  stop(): void;
  takeLog(): string;
  told(): number;
  isOver(): boolean;
}

export interface TrainerPort {
  postMessage(message: ToTrainer): void;
  onmessage: ((event: MessageEvent<FromTrainer>) => void) | null;
  close(): void;
}

export interface CoordinationHost {
  readonly run: JobSource;
  readonly post: (message: FromCoordinator) => void;
  readonly now: () => number;
}

interface Trainer {
  readonly port: TrainerPort;
  isReady: boolean;
  job?: Job;
  progress: number;
  curve: readonly EpochScore[];
  heardAt: number;
}

/** Lanes are redrawn at most this often. */
const LANES_MS = 100;
/** A working trainer tells its progress ten times a second; one silent for so long hangs. */
const SILENT_MS = 20_000;
/** A job that breaks this many workers is told as failed: it would break any. */
const CRASHES_ALLOWED = 1;

export class Coordination {
  readonly #trainers = new Map<number, Trainer>();
  readonly #crashes = new Map<number, number>();
  #isPaused = false;
  /** Pauses when so many candidates are told; set by a single step. */
  #pauseAt = Infinity;
  #lanesAt = -Infinity;
  #isOver = false;

  constructor(private readonly host: CoordinationHost) {
    host.post({ kind: 'running' });
    this.#flush();
  }

  handle(message: Exclude<ToCoordinator, { kind: 'open' }>): void {
    switch (message.kind) {
      case 'trainer':
        this.#connect(message.worker, message.port);
        break;
      case 'lost':
        this.#lose(message.worker, message.message);
        break;
      case 'pause':
        this.#pause();
        break;
      case 'resume':
        this.#resume(Infinity);
        break;
      case 'step':
        this.#resume(this.host.run.told() + 1);
        break;
      case 'stop':
        this.host.run.stop();
        this.#flush();
        break;
      default:
        message satisfies never;
    }
  }

  /** Asks for the replacement of trainers that work but say nothing. Called now and then. */
  checkSilence(): void {
    if (this.#isPaused || this.#isOver) return;
    for (const [worker, trainer] of this.#trainers) {
      if (trainer.job && this.host.now() - trainer.heardAt > SILENT_MS)
        this.host.post({ kind: 'silent', worker });
    }
  }

  #connect(worker: number, port: TrainerPort): void {
    const trainer: Trainer = { port, isReady: false, progress: 0, curve: [], heardAt: this.host.now() };
    this.#trainers.set(worker, trainer);
    port.onmessage = (event) => {
      if (this.#trainers.get(worker) === trainer) this.#hear(trainer, event.data);
    };
  }

  #hear(trainer: Trainer, message: FromTrainer): void {
    trainer.heardAt = this.host.now();
    switch (message.kind) {
      case 'ready':
        trainer.isReady = true;
        this.#handOut();
        break;
      case 'progress':
        if (trainer.job?.id !== message.job) break;
        trainer.progress = message.fraction;
        trainer.curve = message.curve;
        this.#postLanes();
        break;
      case 'done':
        if (trainer.job?.id !== message.job) break;
        delete trainer.job;
        this.host.run.tell(message.job, message.outcome);
        this.#flush();
        break;
      case 'failed':
        this.#fail(message.error);
        break;
      default:
        message satisfies never;
    }
  }

  /** A trainer is gone: its job is handed out again, unless it has broken too many. */
  #lose(worker: number, message: string): void {
    const trainer = this.#trainers.get(worker);
    if (!trainer) return;
    trainer.port.close();
    this.#trainers.delete(worker);
    const job = trainer.job?.id;
    if (job === undefined || this.#isOver) return;
    const crashes = (this.#crashes.get(job) ?? 0) + (message === '' ? 0 : 1);
    this.#crashes.set(job, crashes);
    if (crashes > CRASHES_ALLOWED) this.host.run.tell(job, { outcome: 'failed', why: 'crashed', message });
    else this.host.run.lost(job);
    this.#flush();
  }

  /** Writes what is new in the log, then gives jobs to idle trainers. */
  #flush(): void {
    const text = this.host.run.takeLog();
    if (text !== '') this.host.post({ kind: 'log', text });
    if (this.host.run.isOver()) {
      this.#finish();
      return;
    }
    if (this.host.run.told() >= this.#pauseAt) this.#pause();
    this.#handOut();
  }

  #handOut(): void {
    if (this.#isPaused || this.#isOver) return;
    for (const trainer of this.#trainers.values()) {
      if (!trainer.isReady || trainer.job) continue;
      const job = this.host.run.nextJob();
      if (!job) break;
      Object.assign(trainer, { job, progress: 0, curve: [], heardAt: this.host.now() });
      trainer.port.postMessage({ kind: 'job', job });
    }
    this.#postLanes();
  }

  #pause(): void {
    if (this.#isOver) return;
    this.#isPaused = true;
    this.#pauseAt = Infinity;
    this.#broadcast({ kind: 'pause' });
    this.host.post({ kind: 'paused' });
  }

  #resume(pauseAt: number): void {
    if (this.#isOver) return;
    this.#isPaused = false;
    this.#pauseAt = pauseAt;
    for (const trainer of this.#trainers.values()) trainer.heardAt = this.host.now();
    this.#broadcast({ kind: 'resume' });
    this.host.post({ kind: 'running' });
    this.#handOut();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#broadcast({ kind: 'pause' });
    for (const trainer of this.#trainers.values()) delete trainer.job;
    this.#postLanes(true);
    this.host.post({ kind: 'finished' });
  }

  #fail(error: EngineError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#broadcast({ kind: 'pause' });
    this.host.post({ kind: 'failed', error });
  }

  #broadcast(message: ToTrainer): void {
    for (const trainer of this.#trainers.values()) trainer.port.postMessage(message);
  }

  #postLanes(always = false): void {
    const now = this.host.now();
    if (!always && now - this.#lanesAt < LANES_MS) return;
    this.#lanesAt = now;
    const lanes = [...this.#trainers].sort(([a], [b]) => a - b).map(([worker, trainer]) => lane(worker, trainer));
    this.host.post({ kind: 'lanes', lanes });
  }
}

function lane(worker: number, { job, progress, curve }: Trainer): Lane {
  if (!job) return { worker };
  const { kind, ask, name, epochs } = job;
  return { worker, job: { kind, ask, name, epochs, progress, curve } };
}
