/** The driver of a run in the browser: gives jobs to trainers, takes their outcomes, tells the page. */
import type { EngineError, Lane } from '../engine/engine';
import { asEngineError } from '../engine/errors';
import type { EpochScore } from '../protocol/generated/EpochScore';
import type { Job } from '../protocol/generated/Job';
import type { Outcome } from '../protocol/generated/Outcome';
import type { FromCoordinator, FromTrainer, ToCoordinator, ToTrainer } from '../protocol/messages';
import { Checkpoints } from './checkpoints';

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

/** What the page may say once the run is open. */
export type Command = Exclude<ToCoordinator, { kind: 'open' }>;

interface Trainer {
  readonly port: TrainerPort;
  isReady: boolean;
  job?: Job;
  progress: number;
  curve: readonly EpochScore[];
  heardAt: number;
}

/**
 * Why a trainer is gone. A crash alone is held against its job: how long a worker is silent, and who terminates
 * it, depends on the machine, and the log must not.
 */
interface Loss {
  readonly cause: 'crash' | 'silence' | 'termination';
  readonly message: string;
}

/** Lanes are redrawn at most this often. */
const LANES_MS = 100;
/** A working trainer tells its progress ten times a second, or after one operator of a huge network; one silent for so long hangs. */
const SILENT_MS = 60_000;
/** A job that breaks this many workers is told as failed: it would break any. */
const CRASHES_TO_FAIL = 2;
/** A worker that breaks down so often, with no job told in between, ends the run: the next would, too. */
const BREAKDOWNS_TO_GIVE_UP = 4;

export class Coordination {
  readonly #trainers = new Map<number, Trainer>();
  readonly #checkpoints = new Checkpoints();
  /** How many workers a job has broken. */
  readonly #crashes = new Map<number, number>();
  /** How often each worker broke down since a job was last told. */
  readonly #breakdowns = new Map<number, number>();
  #isPaused = false;
  /** Pauses when so many candidates are told; set by a single step. */
  #pauseAt = Infinity;
  #lanesAt = -Infinity;
  #checkedAt: number;
  #isOver = false;

  constructor(private readonly host: CoordinationHost) {
    this.#checkedAt = host.now();
    host.post({ kind: 'running' });
    this.#flush();
  }

  handle(message: Command): void {
    this.#guard(() => {
      this.#obey(message);
    });
  }

  /** Replaces trainers that work but say nothing. Called every few seconds. */
  checkSilence(): void {
    const now = this.host.now();
    // A check that comes so late was asleep itself, and the trainers with it: the tab frozen, the lid closed.
    if (now - this.#checkedAt > SILENT_MS) this.#listenAnew();
    this.#checkedAt = now;
    if (this.#isPaused) return;
    for (const [worker, trainer] of [...this.#trainers]) {
      if (!trainer.job || now - trainer.heardAt <= SILENT_MS) continue;
      this.#guard(() => {
        this.#lose(worker, { cause: 'silence', message: 'a worker was silent for too long' });
      });
    }
  }

  #obey(message: Command): void {
    switch (message.kind) {
      case 'trainer':
        this.#connect(message.worker, message.port);
        break;
      case 'lost':
        this.#lose(message.worker, lossBy(message.message));
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

  #connect(worker: number, port: TrainerPort): void {
    const trainer: Trainer = { port, isReady: false, progress: 0, curve: [], heardAt: this.host.now() };
    this.#trainers.set(worker, trainer);
    port.onmessage = (event) => {
      // What a trainer says after its replacement is late.
      if (this.#trainers.get(worker) !== trainer) return;
      this.#guard(() => {
        this.#hear(trainer, event.data);
      });
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
        this.#checkpoints.put(trainer.job.key, message.checkpoint);
        delete trainer.job;
        this.#tell(message.job, message.outcome);
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
  #lose(worker: number, loss: Loss): void {
    const trainer = this.#trainers.get(worker);
    if (!trainer) return;
    trainer.port.close();
    this.#trainers.delete(worker);
    if (trainer.job) this.#takeBack(trainer.job.id, loss);
    this.#flush();
    this.#replace(worker, loss);
  }

  #takeBack(job: number, loss: Loss): void {
    const crashes = (this.#crashes.get(job) ?? 0) + Number(loss.cause === 'crash');
    this.#crashes.set(job, crashes);
    if (crashes >= CRASHES_TO_FAIL) this.#tell(job, { outcome: 'failed', why: 'crashed' });
    else this.host.run.lost(job);
  }

  /** Asks for another trainer, unless one after the other breaks down. */
  #replace(worker: number, loss: Loss): void {
    if (this.#isOver) return;
    const breakdowns = (this.#breakdowns.get(worker) ?? 0) + Number(loss.cause !== 'termination');
    this.#breakdowns.set(worker, breakdowns);
    if (breakdowns >= BREAKDOWNS_TO_GIVE_UP) this.#fail(gaveUp(loss.message));
    else this.host.post({ kind: 'replace', worker });
  }

  #tell(job: number, outcome: Outcome): void {
    this.host.run.tell(job, outcome);
    this.#breakdowns.clear();
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
    for (const trainer of this.#trainers.values()) {
      if (this.#isPaused || !trainer.isReady || trainer.job) continue;
      const job = this.host.run.nextJob();
      if (!job) break;
      Object.assign(trainer, { job, progress: 0, curve: [], heardAt: this.host.now() });
      const checkpoint = this.#checkpoints.get(goesOnFrom(job));
      trainer.port.postMessage({ kind: 'job', job, ...(checkpoint && { checkpoint }) });
    }
    this.#postLanes();
  }

  #pause(): void {
    this.#isPaused = true;
    this.#pauseAt = Infinity;
    this.#broadcast({ kind: 'pause' });
    // Whole, since these lanes stay.
    this.#postLanes(true);
    this.host.post({ kind: 'paused' });
  }

  #resume(pauseAt: number): void {
    this.#isPaused = false;
    this.#pauseAt = pauseAt;
    this.#listenAnew();
    this.#broadcast({ kind: 'resume' });
    this.host.post({ kind: 'running' });
    this.#handOut();
  }

  #finish(): void {
    for (const trainer of this.#trainers.values()) delete trainer.job;
    this.#postLanes(true);
    this.#end({ kind: 'finished' });
  }

  #fail(error: EngineError): void {
    this.#end({ kind: 'failed', error });
  }

  #end(last: FromCoordinator): void {
    this.#isOver = true;
    this.#broadcast({ kind: 'pause' });
    this.host.post(last);
  }

  /** Nothing is done once the run is over; what goes wrong before ends it. */
  #guard(work: () => void): void {
    if (this.#isOver) return;
    try {
      work();
    } catch (error) {
      this.#fail(asEngineError(error));
    }
  }

  #listenAnew(): void {
    for (const trainer of this.#trainers.values()) trainer.heardAt = this.host.now();
  }

  #broadcast(message: ToTrainer): void {
    for (const trainer of this.#trainers.values()) trainer.port.postMessage(message);
  }

  #postLanes(always = false): void {
    const now = this.host.now();
    if (!always && now - this.#lanesAt < LANES_MS) return;
    this.#lanesAt = now;
    const lanes = [...this.#trainers]
      .sort(([a], [b]) => a - b)
      .map(([worker, trainer]) => lane(worker, trainer));
    this.host.post({ kind: 'lanes', lanes });
  }
}

function lane(worker: number, { job, progress, curve }: Trainer): Lane {
  if (!job) return { worker };
  const { kind, ask, name, epochs } = job;
  return { worker, job: { kind, ask, name, epochs, progress, curve } };
}

/** Key of the evaluation whose checkpoint it goes on from: its own, or that of the super-network it inherits from. */
function goesOnFrom({ kind, key, supernet, inherits }: Job): string {
  return kind === 'search' && supernet ? supernet.key : (inherits?.from.key ?? key);
}

function lossBy(message: string): Loss {
  return { cause: message === '' ? 'termination' : 'crash', message };
}

function gaveUp(message: string): EngineError {
  return {
    code: 'workers-broken',
    message: `the workers break down again and again (${message}): reload the page, or use fewer workers`,
  };
}
