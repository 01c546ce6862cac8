import { describe, expect, it, vi } from 'vitest';
import type { DataSpec } from '../protocol/generated/DataSpec';
import type { RunConfig } from '../protocol/generated/RunConfig';
import type { FromCoordinator, OpenTrainer, ToCoordinator } from '../protocol/messages';
import type { EngineError, SessionState } from './engine';
import { WorkerSession } from './session';

/** A worker that keeps what it is told, and says what the test makes it say. */
class FakeWorker<Heard> {
  readonly heard: Heard[] = [];
  onmessage: ((event: MessageEvent) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  isTerminated = false;

  postMessage(message: Heard): void {
    this.heard.push(message);
  }

  terminate(): void {
    this.isTerminated = true;
  }

  says(message: FromCoordinator): void {
    this.onmessage?.({ data: message } as MessageEvent);
  }

  /** Without a message: as a worker whose script cannot be loaded. */
  breaks(message?: string): void {
    this.onerror?.({ message, preventDefault: () => undefined } as unknown as ErrorEvent);
  }
}

/** A session of fake workers. */
class Bench {
  readonly coordinators: FakeWorker<ToCoordinator>[] = [];
  readonly trainers: FakeWorker<OpenTrainer>[] = [];
  readonly states: SessionState[] = [];
  readonly log = vi.fn();
  readonly lanes = vi.fn();
  readonly file = deferred<ArrayBuffer>();
  readonly coordinatorModule = deferred<WebAssembly.Module>();
  readonly trainerModule = deferred<WebAssembly.Module>();
  readonly session: WorkerSession;

  constructor(workers = 2) {
    this.session = new WorkerSession({
      coordinatorModule: this.coordinatorModule.promise,
      trainerModule: this.trainerModule.promise,
      config: { seed: 7 } as RunConfig,
      table: 'operator,ms',
      data: { id: 'digits8' } as DataSpec,
      file: this.file.promise,
      workers,
      factory: {
        coordinator: () => made(this.coordinators),
        trainer: () => made(this.trainers),
      },
      listener: { log: this.log, lanes: this.lanes, state: (state) => this.states.push(state) },
    });
  }

  /** One whose trainers are at work. */
  static async running(workers = 2): Promise<Bench> {
    const bench = new Bench(workers);
    bench.everythingArrives();
    await settled();
    bench.coordinator.says({ kind: 'running' });
    return bench;
  }

  everythingArrives(): void {
    this.coordinatorModule.resolve({ of: 'coordinator' });
    this.file.resolve(new ArrayBuffer(8));
    this.trainerModule.resolve({});
  }

  get coordinator(): FakeWorker<ToCoordinator> {
    return at(this.coordinators, 0);
  }

  trainer(index: number): FakeWorker<OpenTrainer> {
    return at(this.trainers, index);
  }

  get kinds(): string[] {
    return this.states.map(({ kind }) => kind);
  }

  get error(): EngineError | undefined {
    return this.states.flatMap((state) => (state.kind === 'failed' ? [state.error] : [])).at(-1);
  }

  /** Whether every worker it ever made is gone. */
  get isFree(): boolean {
    return [...this.coordinators, ...this.trainers].every(({ isTerminated }) => isTerminated);
  }

  /** What the coordinator heard of its trainers. */
  get toldOfTrainers(): string[] {
    return this.coordinator.heard.flatMap((message) => {
      if (message.kind === 'trainer') return [`trainer ${message.worker}`];
      return message.kind === 'lost' ? [`lost ${message.worker}: ${message.message}`] : [];
    });
  }
}

interface Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

function deferred<Value>(): Deferred<Value> {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<Value>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new Error(`there is no worker ${index} yet`);
  return item;
}

function made(workers: FakeWorker<unknown>[]): Worker {
  const worker = new FakeWorker();
  workers.push(worker);
  return worker as unknown as Worker;
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

describe('a session', () => {
  it('opens the coordinator when its module is there, and the trainers when theirs and the file are', async () => {
    const bench = new Bench();
    expect(bench.kinds, 'nothing is heard before the caller holds the session').toEqual([]);
    await settled();
    expect(bench.kinds).toEqual(['opening']);
    expect(bench.coordinator.heard).toEqual([]);
    bench.coordinatorModule.resolve({ of: 'coordinator' });
    await settled();
    expect(bench.coordinator.heard).toEqual([
      { kind: 'open', module: { of: 'coordinator' }, config: { seed: 7 }, table: 'operator,ms' },
    ]);
    const file = new ArrayBuffer(8);
    bench.file.resolve(file);
    await settled();
    expect(bench.trainers).toHaveLength(0);
    const module = { of: 'trainer' };
    bench.trainerModule.resolve(module);
    await settled();
    expect(bench.toldOfTrainers).toEqual(['trainer 0', 'trainer 1']);
    expect(bench.trainers.map(({ heard }) => heard.length)).toEqual([1, 1]);
    expect(bench.trainer(0).heard[0]).toMatchObject({ module, data: { id: 'digits8' }, file });
    bench.session.close();
  });

  it('links the coordinator and each trainer by a channel of their own', async () => {
    const bench = await Bench.running(1);
    const ours = bench.coordinator.heard.find((message) => message.kind === 'trainer')?.port;
    const theirs = bench.trainer(0).heard[0]?.port;
    const heard = new Promise((resolve) => {
      if (theirs)
        theirs.onmessage = (event: MessageEvent) => {
          resolve(event.data);
        };
    });
    ours?.postMessage('hello');
    expect(await heard).toBe('hello');
    ours?.close();
  });

  it('passes commands to the coordinator, and its states to the listener', async () => {
    const bench = await Bench.running();
    bench.session.pause();
    bench.coordinator.says({ kind: 'paused' });
    bench.session.step();
    bench.session.resume();
    bench.coordinator.says({ kind: 'running' });
    bench.session.stop();
    expect(bench.coordinator.heard.slice(-4).map(({ kind }) => kind)).toEqual([
      'pause',
      'step',
      'resume',
      'stop',
    ]);
    expect(bench.kinds).toEqual(['opening', 'running', 'paused', 'running']);
  });

  it('passes lanes on, and log lines parsed', async () => {
    const bench = await Bench.running();
    bench.coordinator.says({ kind: 'lanes', lanes: [{ worker: 0 }] });
    expect(bench.lanes.mock.calls).toEqual([[[{ worker: 0 }]]]);
    bench.coordinator.says({ kind: 'log', text: '{"line":"run"}\n{"line":"asked","ask":0}\n' });
    expect(bench.log.mock.calls).toEqual([[[{ line: 'run' }, { line: 'asked', ask: 0 }]]]);
  });

  it('keeps the bytes of the log, also after its end', async () => {
    const bench = await Bench.running();
    bench.coordinator.says({ kind: 'log', text: '{"line": "run"}\n' });
    expect(await bench.session.log()).toBe('{"line": "run"}\n');
    bench.coordinator.says({ kind: 'log', text: '{"line":"stopped"}\n' });
    bench.coordinator.says({ kind: 'finished' });
    bench.session.close();
    expect(await bench.session.log()).toBe('{"line": "run"}\n{"line":"stopped"}\n');
  });

  it('frees its workers when the run has finished', async () => {
    const bench = await Bench.running();
    bench.coordinator.says({ kind: 'finished' });
    expect(bench.kinds).toEqual(['opening', 'running', 'finished']);
    expect(bench.isFree).toBe(true);
  });

  it('hears nothing of a coordinator that is gone', async () => {
    const bench = await Bench.running();
    bench.session.close();
    for (const kind of ['running', 'paused', 'finished'] as const) bench.coordinator.says({ kind });
    bench.coordinator.says({ kind: 'replace', worker: 0 });
    bench.coordinator.says({ kind: 'log', text: '{"line":"run"}\n' });
    bench.coordinator.breaks('late');
    expect(bench.kinds).toEqual(['opening', 'running', 'closed']);
    expect(bench.log).not.toHaveBeenCalled();
    expect(bench.trainers).toHaveLength(2);
  });
});

describe('trouble', () => {
  it('without workers is told, and nothing is started', async () => {
    const bench = new Bench(0);
    await settled();
    expect(bench.kinds).toEqual(['opening', 'failed']);
    expect(bench.error?.code).toBe('no-workers');
    expect(bench.coordinators).toHaveLength(0);
  });

  it.each<[string, string, (bench: Bench) => Pick<Deferred<unknown>, 'reject'>]>([
    ['data file', 'data-unavailable', ({ file }) => file],
    ['module of the coordinator', 'engine-unavailable', ({ coordinatorModule }) => coordinatorModule],
    ['module of the trainers', 'engine-unavailable', ({ trainerModule }) => trainerModule],
  ])('with the %s ends the session', async (_, code, missing) => {
    const bench = new Bench();
    await settled();
    missing(bench).reject({ code, message: 'HTTP 404' });
    await settled();
    expect(bench.error).toEqual({ code, message: 'HTTP 404' });
    expect(bench.isFree).toBe(true);
  });

  it('that the coordinator tells ends the session, once', async () => {
    const bench = await Bench.running();
    const error = { code: 'infeasible', message: 'no candidate keeps the limits' };
    bench.coordinator.says({ kind: 'failed', error });
    bench.coordinator.breaks('and more');
    expect(bench.kinds).toEqual(['opening', 'running', 'failed']);
    expect(bench.error).toEqual(error);
    expect(bench.isFree).toBe(true);
  });

  it.each([
    ['a word', 'out of memory', 'out of memory'],
    ['none, as when its script cannot be loaded', undefined, 'a worker broke down without a word'],
    ['an empty one', '', 'a worker broke down without a word'],
  ])('with the coordinator ends the session, with %s', async (_, message, told) => {
    const bench = await Bench.running();
    bench.coordinator.breaks(message);
    expect(bench.error).toEqual({ code: 'coordinator-lost', message: told });
    expect(bench.isFree).toBe(true);
  });
});

describe('a trainer', () => {
  it.each([
    ['a word', 'unreachable', 'unreachable'],
    ['none, as when its script cannot be loaded', undefined, 'a worker broke down without a word'],
    ['an empty one', '', 'a worker broke down without a word'],
  ])(
    'that breaks down with %s is ended, and replaced when the coordinator says so',
    async (_, word, told) => {
      const bench = await Bench.running();
      bench.trainer(1).breaks(word);
      expect(bench.trainer(1).isTerminated).toBe(true);
      expect(bench.trainers, 'not before').toHaveLength(2);
      bench.coordinator.says({ kind: 'replace', worker: 1 });
      expect(bench.trainers).toHaveLength(3);
      expect(bench.toldOfTrainers.slice(2)).toEqual([`lost 1: ${told}`, 'trainer 1']);
      expect(bench.kinds).toEqual(['opening', 'running']);
    },
  );

  it('that is terminated on purpose is lost without a message', async () => {
    const bench = await Bench.running();
    bench.session.loseWorker(0);
    bench.session.loseWorker(0);
    bench.session.loseWorker(9);
    expect(bench.trainer(0).isTerminated).toBe(true);
    expect(bench.toldOfTrainers.slice(2)).toEqual(['lost 0: ']);
  });

  it('that is of no use any more is ended before it is replaced', async () => {
    const bench = await Bench.running();
    bench.coordinator.says({ kind: 'replace', worker: 0 });
    expect(bench.trainer(0).isTerminated).toBe(true);
    expect(bench.toldOfTrainers.slice(2)).toEqual(['trainer 0']);
    bench.trainer(0).breaks('late');
    expect(bench.trainer(2).isTerminated).toBe(false);
    expect(bench.toldOfTrainers.slice(2)).toEqual(['trainer 0']);
  });
});

describe('close', () => {
  it('frees everything, once', async () => {
    const bench = await Bench.running();
    bench.session.close();
    bench.session.close();
    expect(bench.isFree).toBe(true);
    expect(bench.kinds).toEqual(['opening', 'running', 'closed']);
  });

  it('works before anything was opened', async () => {
    const bench = new Bench();
    bench.session.close();
    bench.everythingArrives();
    await settled();
    expect(bench.kinds).toEqual(['closed']);
    expect([...bench.coordinators, ...bench.trainers]).toHaveLength(0);
  });

  it.each<[string, (bench: Bench) => void]>([
    [
      'arrives',
      (bench) => {
        bench.everythingArrives();
      },
    ],
    [
      'cannot be had',
      ({ file }) => {
        file.reject(new Error('HTTP 404'));
      },
    ],
  ])('while opening starts nothing when the file %s', async (_, happens) => {
    const bench = new Bench();
    await settled();
    bench.session.close();
    happens(bench);
    await settled();
    expect(bench.kinds).toEqual(['opening', 'closed']);
    expect(bench.trainers).toHaveLength(0);
    expect(bench.isFree).toBe(true);
  });
});
