/** A run in workers, as the page holds it: makes them, replaces lost ones, passes on what they say. */
import type { LogLine } from '../protocol/generated/LogLine';
import type { RunConfig } from '../protocol/generated/RunConfig';
import type { DataSpec } from '../protocol/generated/DataSpec';
import type { FromCoordinator, OpenTrainer, ToCoordinator } from '../protocol/messages';
import type { EngineError, Session, SessionListener, SessionState } from './engine';
import { EngineFailure, asEngineError } from './errors';

/** Makes workers; injected, so that tests need none. */
export interface WorkerFactory {
  coordinator(): Worker;
  trainer(): Worker;
}

export interface SessionParts {
  /** Already on their way, as is the file. */
  readonly coordinatorModule: Promise<WebAssembly.Module>;
  readonly trainerModule: Promise<WebAssembly.Module>;
  readonly config: RunConfig;
  /** The table of measurements that the configuration names, as CSV. */
  readonly table: string | undefined;
  readonly data: DataSpec;
  /** The dataset's. */
  readonly file: Promise<ArrayBuffer>;
  readonly workers: number;
  readonly factory: WorkerFactory;
  readonly listener: SessionListener;
}

/** What every trainer gets. */
type Equipment = Omit<OpenTrainer, 'port'>;

export class WorkerSession implements Session {
  #state: SessionState = { kind: 'opening' };
  #coordinator: Worker | undefined;
  readonly #trainers = new Map<number, Worker>();
  #equipment: Equipment | undefined;
  #log = '';

  constructor(private readonly parts: SessionParts) {
    // The listener hears of the first state after the caller holds the session.
    queueMicrotask(() => {
      void this.#open();
    });
  }

  pause(): void {
    this.#tell({ kind: 'pause' });
  }

  resume(): void {
    this.#tell({ kind: 'resume' });
  }

  step(): void {
    this.#tell({ kind: 'step' });
  }

  stop(): void {
    this.#tell({ kind: 'stop' });
  }

  log(): Promise<string> {
    return Promise.resolve(this.#log);
  }

  loseWorker(worker: number): void {
    this.#lose(worker, '');
  }

  close(): void {
    if (this.#state.kind === 'closed') return;
    this.#terminate();
    this.#enter({ kind: 'closed' });
  }

  async #open(): Promise<void> {
    if (this.#isOver()) return;
    const { coordinatorModule, trainerModule, config, table, data, workers, factory, listener } = this.parts;
    listener.state(this.#state);
    try {
      if (workers < 1) throw noWorkers();
      this.#coordinator = factory.coordinator();
      this.#coordinator.onmessage = (event: MessageEvent<FromCoordinator>) => {
        this.#hear(event.data);
      };
      this.#coordinator.onerror = (event) => {
        this.#fail({ code: 'coordinator-lost', message: messageOf(event) });
      };
      const opened = coordinatorModule.then((module) => {
        this.#tell({ kind: 'open', module, config, table });
      });
      const [module, file] = await Promise.all([trainerModule, this.parts.file, opened]);
      this.#equipment = { module, data, file };
      for (let worker = 0; worker < workers; worker += 1) this.#startTrainer(worker, this.#equipment);
    } catch (error) {
      this.#fail(asEngineError(error));
    }
  }

  #startTrainer(worker: number, equipment: Equipment): void {
    if (this.#isOver()) return;
    const trainer = this.parts.factory.trainer();
    trainer.onerror = (event) => {
      event.preventDefault();
      if (this.#trainers.get(worker) === trainer) this.#lose(worker, messageOf(event));
    };
    this.#trainers.set(worker, trainer);
    const { port1, port2 } = new MessageChannel();
    this.#tell({ kind: 'trainer', worker, port: port1 }, [port1]);
    trainer.postMessage({ ...equipment, port: port2 } satisfies OpenTrainer, [port2]);
  }

  /** Ends a trainer; whether there will be another in its place is the coordinator's to say. */
  #lose(worker: number, message: string): void {
    if (this.#endTrainer(worker)) this.#tell({ kind: 'lost', worker, message });
  }

  #replace(worker: number): void {
    this.#endTrainer(worker);
    if (this.#equipment) this.#startTrainer(worker, this.#equipment);
  }

  /** Whether there was one. */
  #endTrainer(worker: number): boolean {
    this.#trainers.get(worker)?.terminate();
    return this.#trainers.delete(worker);
  }

  #hear(message: FromCoordinator): void {
    if (this.#isOver()) return;
    const { listener } = this.parts;
    switch (message.kind) {
      case 'log':
        this.#log += message.text;
        listener.log(parseLines(message.text));
        break;
      case 'lanes':
        listener.lanes(message.lanes);
        break;
      case 'running':
      case 'paused':
        this.#enter({ kind: message.kind });
        break;
      case 'finished':
        this.#terminate();
        this.#enter({ kind: 'finished' });
        break;
      case 'failed':
        this.#fail(message.error);
        break;
      case 'replace':
        this.#replace(message.worker);
        break;
      default:
        message satisfies never;
    }
  }

  #tell(message: ToCoordinator, transfer: Transferable[] = []): void {
    this.#coordinator?.postMessage(message, transfer);
  }

  #fail(error: EngineError): void {
    if (this.#isOver()) return;
    this.#terminate();
    this.#enter({ kind: 'failed', error });
  }

  #terminate(): void {
    for (const trainer of this.#trainers.values()) trainer.terminate();
    this.#trainers.clear();
    this.#coordinator?.terminate();
    this.#coordinator = undefined;
  }

  #enter(state: SessionState): void {
    this.#state = state;
    this.parts.listener.state(state);
  }

  #isOver(): boolean {
    return this.#state.kind === 'closed' || this.#state.kind === 'failed' || this.#state.kind === 'finished';
  }
}

/** Whole lines of JSON, as the coordinator sends them. */
function parseLines(text: string): LogLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogLine);
}

/** What a worker broke down with. One whose script cannot be loaded has nothing to say. */
function messageOf(event: ErrorEvent): string {
  return event.message || 'a worker broke down without a word';
}

function noWorkers(): EngineFailure {
  return new EngineFailure(
    'no-workers',
    'a run needs at least one worker: set the number of workers to 1 or more',
  );
}
