import { describe, expect, it } from 'vitest';
import { EngineFailure } from '../engine/errors';
import type { Job } from '../protocol/generated/Job';
import type { Outcome } from '../protocol/generated/Outcome';
import type { FromCoordinator, FromTrainer, ToTrainer } from '../protocol/messages';
import { Coordination, type JobSource, type TrainerPort } from './coordination';

const TRAINED: Outcome = { outcome: 'trained', curve: [], test_accuracy: null, weights_sha256: 'w' };

/** A run of a few jobs, told in the order of their numbers, as the virtual clock of the real one would. */
class FakeRun implements JobSource {
  readonly outcomes = new Map<number, Outcome>();
  readonly #waiting: number[];
  readonly #handedOut = new Set<number>();
  #told = 0;
  #isStopped = false;
  #log = 'run\n';

  /** Its jobs are rungs of one training. */
  isOneTraining = false;
  /** Whether the first job trains a super-network that the others inherit from. */
  hasSuperNetwork = false;

  constructor(private readonly jobs: number) {
    this.#waiting = Array.from({ length: jobs }, (_, job) => job);
  }

  nextJob(): Job | null {
    const job = this.#waiting.shift();
    if (job === undefined) return null;
    this.#handedOut.add(job);
    const key = this.isOneTraining ? 'k' : `k${job}`;
    const before = this.isOneTraining && job > 0 ? { epochs_before: job } : {};
    const kind = this.hasSuperNetwork && job === 0 ? 'super-network' : 'search';
    const supernet = this.hasSuperNetwork ? { supernet: { key: 'k0' } } : {};
    return { id: job, ask: job, kind, name: `n${job}`, key, epochs: 9, ...before, ...supernet } as Job;
  }

  tell(job: number, outcome: Outcome): void {
    if (!this.#handedOut.delete(job)) throw new EngineFailure('unknown-job', `job ${job} is not under way`);
    this.outcomes.set(job, outcome);
    while (this.outcomes.has(this.#told)) {
      this.#log += `told ${this.#told}\n`;
      this.#told += 1;
    }
    if (this.#told === this.jobs) this.#log += 'done\n';
  }

  lost(job: number): void {
    if (this.#handedOut.delete(job)) this.#waiting.unshift(job);
  }

  stop(): void {
    if (!this.isOver()) this.#log += 'stopped\n';
    this.#isStopped = true;
  }

  takeLog(): string {
    const log = this.#log;
    this.#log = '';
    return log;
  }

  told(): number {
    return this.#told;
  }

  isOver(): boolean {
    return this.#isStopped || this.#told === this.jobs;
  }
}

/** The coordinator's end of a trainer, with what the trainer would say. */
class FakePort implements TrainerPort {
  readonly heard: ToTrainer[] = [];
  onmessage: ((event: MessageEvent<FromTrainer>) => void) | null = null;
  isClosed = false;

  postMessage(message: ToTrainer): void {
    this.heard.push(message);
  }

  close(): void {
    this.isClosed = true;
  }

  says(message: FromTrainer): void {
    this.onmessage?.({ data: message } as MessageEvent<FromTrainer>);
  }

  finishes(job: number): void {
    this.says({ kind: 'done', job, outcome: TRAINED });
  }

  /** The jobs it was given, in order. */
  get jobs(): number[] {
    return this.heard.flatMap((message) => (message.kind === 'job' ? [message.job.id] : []));
  }
}

class Bench {
  readonly run: FakeRun;
  readonly posted: FromCoordinator[] = [];
  readonly coordination: Coordination;
  now = 1000;

  constructor(jobs: number) {
    this.run = new FakeRun(jobs);
    this.coordination = new Coordination({
      run: this.run,
      post: (message) => this.posted.push(message),
      now: () => this.now,
    });
  }

  /** A trainer that is there, but not yet ready. */
  connect(worker: number): FakePort {
    const port = new FakePort();
    this.coordination.handle({ kind: 'trainer', worker, port: port as unknown as MessagePort });
    return port;
  }

  trainer(worker: number): FakePort {
    const port = this.connect(worker);
    port.says({ kind: 'ready' });
    return port;
  }

  does(kind: 'pause' | 'resume' | 'step' | 'stop'): void {
    this.coordination.handle({ kind });
  }

  /** A worker breaks down with a message, or is terminated without one. */
  loses(worker: number, message: string): void {
    this.coordination.handle({ kind: 'lost', worker, message });
  }

  /** Lets time pass as it does when nobody sleeps: with a check every five seconds. */
  waits(seconds: number): void {
    for (let second = 0; second < seconds; second += 5) {
      this.now += 5000;
      this.coordination.checkSilence();
    }
  }

  get log(): string {
    return this.posted.map((message) => (message.kind === 'log' ? message.text : '')).join('');
  }

  /** What was posted, lanes and log left out. */
  get states(): string[] {
    return this.posted.map(({ kind }) => kind).filter((kind) => kind !== 'lanes' && kind !== 'log');
  }

  get lanes(): Extract<FromCoordinator, { kind: 'lanes' }>[] {
    return this.posted.filter((message) => message.kind === 'lanes');
  }

  get lastLanes(): (number | undefined)[] {
    return this.lanes.at(-1)?.lanes.map(({ job }) => job?.ask) ?? [];
  }
}

describe('handing out', () => {
  it('begins with the first lines, before any trainer is there', () => {
    const bench = new Bench(2);
    expect(bench.states).toEqual(['running']);
    expect(bench.log).toBe('run\n');
  });

  it('gives jobs to trainers that are ready, one at a time', () => {
    const bench = new Bench(3);
    const slow = bench.connect(0);
    const quick = bench.trainer(1);
    expect([slow.jobs, quick.jobs]).toEqual([[], [0]]);
    slow.says({ kind: 'ready' });
    expect([slow.jobs, quick.jobs]).toEqual([[1], [0]]);
    quick.finishes(0);
    expect([slow.jobs, quick.jobs]).toEqual([[1], [0, 2]]);
  });

  it('tells outcomes, passes the log on, and finishes', () => {
    const bench = new Bench(2);
    const [first, second] = [bench.trainer(0), bench.trainer(1)];
    second.finishes(1);
    expect(bench.log).toBe('run\n');
    first.finishes(0);
    expect(bench.log).toBe('run\ntold 0\ntold 1\ndone\n');
    expect(bench.states).toEqual(['running', 'finished']);
  });

  it('keeps the checkpoint of a rung for the next one, whoever performs it', () => {
    const bench = new Bench(3);
    bench.run.isOneTraining = true;
    const first = bench.trainer(0);
    const checkpoint = new Uint8Array([1]);
    first.says({ kind: 'done', job: 0, outcome: TRAINED, checkpoint });
    expect(first.heard.at(-1)).toMatchObject({ kind: 'job', job: { id: 1 }, checkpoint });
    bench.loses(0, '');
    const second = bench.trainer(0);
    expect(second.heard.at(-1)).toMatchObject({ kind: 'job', job: { id: 1 }, checkpoint });
    second.finishes(1);
    expect(second.heard.at(-1)).not.toHaveProperty('checkpoint');
  });

  it('gives every candidate the super-network that it inherits from', () => {
    const bench = new Bench(4);
    bench.run.hasSuperNetwork = true;
    const first = bench.trainer(0);
    expect(first.heard.at(-1)).not.toHaveProperty('checkpoint');
    const checkpoint = new Uint8Array([1]);
    first.says({ kind: 'done', job: 0, outcome: TRAINED, checkpoint });
    expect(first.heard.at(-1)).toMatchObject({ kind: 'job', job: { id: 1 }, checkpoint });
    expect(bench.trainer(1).heard.at(-1)).toMatchObject({ kind: 'job', job: { id: 2 }, checkpoint });
    first.finishes(1);
    expect(first.heard.at(-1)).toMatchObject({ kind: 'job', job: { id: 3 }, checkpoint });
  });

  it('ignores an outcome of a job that the trainer does not have', () => {
    const bench = new Bench(2);
    const trainer = bench.trainer(0);
    trainer.finishes(1);
    trainer.finishes(0);
    trainer.finishes(0);
    expect([...bench.run.outcomes.keys()]).toEqual([0]);
    expect(bench.states).toEqual(['running']);
  });
});

describe('pause, resume and step', () => {
  it('hands out nothing while paused, and tells every trainer', () => {
    const bench = new Bench(3);
    const trainer = bench.trainer(0);
    bench.does('pause');
    const late = bench.trainer(1);
    trainer.finishes(0);
    expect([trainer.jobs, late.jobs]).toEqual([[0], []]);
    expect(trainer.heard.at(-1)).toEqual({ kind: 'pause' });
    expect(bench.log, 'a result that comes after the pause counts').toBe('run\ntold 0\n');
    bench.does('resume');
    expect([trainer.jobs, late.jobs]).toEqual([[0, 1], [2]]);
    // The job comes behind the word to go on.
    expect(late.heard.map(({ kind }) => kind)).toEqual(['resume', 'job']);
    expect(bench.states).toEqual(['running', 'paused', 'running']);
  });

  it('pauses a trainer right behind the job it was just given', () => {
    const bench = new Bench(1);
    const trainer = bench.trainer(0);
    bench.does('pause');
    expect(trainer.heard.map(({ kind }) => kind)).toEqual(['job', 'pause']);
    bench.does('resume');
    expect(trainer.heard.map(({ kind }) => kind)).toEqual(['job', 'pause', 'resume']);
  });

  it('hands out the job of a trainer lost while paused after the pause', () => {
    const bench = new Bench(1);
    bench.trainer(0);
    bench.does('pause');
    bench.loses(0, '');
    const next = bench.trainer(0);
    expect(next.jobs).toEqual([]);
    bench.does('resume');
    expect(next.jobs).toEqual([0]);
  });

  it('steps until one more candidate is told, as often as asked', () => {
    const bench = new Bench(4);
    const trainer = bench.trainer(0);
    bench.does('pause');
    for (const job of [0, 1, 2]) {
      bench.does('step');
      trainer.finishes(job);
      expect(bench.states.at(-1)).toBe('paused');
      expect(bench.run.told()).toBe(job + 1);
      expect(trainer.jobs).toHaveLength(job + 1);
    }
    bench.does('resume');
    trainer.finishes(3);
    expect(bench.states.at(-1)).toBe('finished');
  });

  it('takes a step that is asked for during a step as the same', () => {
    const bench = new Bench(3);
    const trainer = bench.trainer(0);
    bench.does('pause');
    bench.does('step');
    bench.does('step');
    trainer.finishes(0);
    expect(bench.states.at(-1)).toBe('paused');
  });

  it('steps past results that are held back, and pauses after all that are told with one', () => {
    const bench = new Bench(4);
    const [first, second] = [bench.trainer(0), bench.trainer(1)];
    bench.does('step');
    second.finishes(1);
    expect(bench.states.at(-1), 'job 1 waits for its turn').toBe('running');
    first.finishes(0);
    expect(bench.states.at(-1)).toBe('paused');
    expect(bench.log).toBe('run\ntold 0\ntold 1\n');
  });

  it('pauses once when a step is overtaken by a pause', () => {
    const bench = new Bench(3);
    const trainer = bench.trainer(0);
    bench.does('step');
    bench.does('pause');
    trainer.finishes(0);
    expect(bench.states).toEqual(['running', 'running', 'paused']);
  });

  it('forgets a step at the next pause or resume', () => {
    for (const last of ['pause', 'resume'] as const) {
      const bench = new Bench(3);
      const trainer = bench.trainer(0);
      bench.does('step');
      bench.does(last);
      bench.does('resume');
      trainer.finishes(0);
      expect(bench.states.at(-1), last).toBe('running');
    }
  });
});

describe('an answer', () => {
  it('never waits for a trainer, however long its step takes', () => {
    const bench = new Bench(2);
    const busy = bench.trainer(0);
    bench.does('pause');
    expect(bench.states).toEqual(['running', 'paused']);
    bench.does('resume');
    bench.does('stop');
    expect(bench.states).toEqual(['running', 'paused', 'running', 'finished']);
    expect(busy.heard.map(({ kind }) => kind)).toEqual(['job', 'pause', 'resume', 'pause']);
  });
});

describe('the end', () => {
  it('stops with its line, also while paused', () => {
    for (const isPaused of [false, true]) {
      const bench = new Bench(2);
      bench.trainer(0);
      if (isPaused) bench.does('pause');
      bench.does('stop');
      expect(bench.log).toBe('run\nstopped\n');
      expect(bench.states.at(-1)).toBe('finished');
    }
  });

  it('fails once, with the first error of a trainer', () => {
    const bench = new Bench(2);
    const [first, second] = [bench.trainer(0), bench.trainer(1)];
    first.says({ kind: 'failed', error: { code: 'bad-data', message: 'damaged' } });
    second.says({ kind: 'failed', error: { code: 'bad-data', message: 'damaged, too' } });
    expect(bench.posted.at(-1)).toEqual({ kind: 'failed', error: { code: 'bad-data', message: 'damaged' } });
    expect(bench.states).toEqual(['running', 'failed']);
  });

  it('fails when the run throws, whoever made it work', () => {
    const bench = new Bench(1);
    const trainer = bench.trainer(0);
    bench.run.lost(0);
    trainer.finishes(0);
    expect(bench.posted.at(-1)).toMatchObject({
      kind: 'failed',
      error: { code: 'unknown-job', message: 'job 0 is not under way' },
    });
  });

  it.each(['finished', 'failed'])('says nothing more once it has %s', (end) => {
    const bench = new Bench(3);
    const [first, second] = [bench.trainer(0), bench.trainer(1)];
    if (end === 'finished') bench.does('stop');
    else first.says({ kind: 'failed', error: { code: 'bad-data', message: 'damaged' } });
    expect(bench.posted.at(-1)?.kind).toBe(end);
    const { length } = bench.posted;
    second.finishes(1);
    second.says({ kind: 'progress', job: 1, fraction: 0.5, curve: [] });
    for (const kind of ['pause', 'resume', 'step', 'stop'] as const) bench.does(kind);
    bench.loses(1, 'broken');
    bench.trainer(2);
    bench.waits(180);
    expect(bench.posted).toHaveLength(length);
    expect(bench.log).not.toContain('told');
  });
});

describe('lost workers', () => {
  it('are replaced, and their jobs handed out again', () => {
    const bench = new Bench(3);
    const [first, second] = [bench.trainer(0), bench.trainer(1)];
    bench.loses(0, 'broken');
    expect(first.isClosed).toBe(true);
    expect(bench.posted.at(-1)).toEqual({ kind: 'replace', worker: 0 });
    second.finishes(1);
    expect(second.jobs, 'the lost job first').toEqual([1, 0]);
    expect(bench.trainer(0).jobs).toEqual([2]);
  });

  it('may all be lost at once', () => {
    const bench = new Bench(2);
    for (const worker of [0, 1]) bench.trainer(worker);
    for (const worker of [0, 1]) bench.loses(worker, 'broken');
    const [first, second] = [bench.trainer(0), bench.trainer(1)];
    for (const trainer of [first, second]) for (const job of trainer.jobs) trainer.finishes(job);
    expect(bench.log).toBe('run\ntold 0\ntold 1\ndone\n');
  });

  it('are not heard any more', () => {
    const bench = new Bench(2);
    const gone = bench.trainer(0);
    bench.loses(0, '');
    const next = bench.trainer(0);
    expect(next.jobs).toEqual([0]);
    gone.finishes(0);
    gone.says({ kind: 'failed', error: { code: 'late', message: 'late' } });
    expect(bench.run.outcomes.size).toBe(0);
    next.finishes(0);
    expect(bench.log).toBe('run\ntold 0\n');
  });

  it('are lost once', () => {
    const bench = new Bench(2);
    bench.trainer(0);
    bench.loses(0, 'broken');
    bench.loses(0, 'broken');
    bench.loses(7, 'never was');
    expect(bench.states).toEqual(['running', 'replace']);
  });

  it('make a job fail that breaks two of them', () => {
    const bench = new Bench(2);
    bench.trainer(0);
    bench.loses(0, 'unreachable');
    expect(bench.run.outcomes.size).toBe(0);
    bench.trainer(0);
    bench.loses(0, 'unreachable');
    expect(bench.run.outcomes.get(0)).toEqual({ outcome: 'failed', why: 'crashed' });
    expect(bench.trainer(0).jobs).toEqual([1]);
  });

  it('are not replaced when their last job has failed with them', () => {
    const bench = new Bench(1);
    for (let time = 0; time < 2; time += 1) {
      bench.trainer(0);
      bench.loses(0, 'unreachable');
    }
    expect(bench.states).toEqual(['running', 'replace', 'finished']);
  });

  it('are not held against a job when they were terminated or silent', () => {
    const bench = new Bench(1);
    for (let time = 0; time < 10; time += 1) {
      bench.trainer(0);
      bench.loses(0, '');
    }
    bench.trainer(0);
    bench.loses(0, 'unreachable');
    for (let time = 0; time < 2; time += 1) {
      bench.trainer(0);
      bench.waits(65);
      expect(bench.posted.at(-1)).toEqual({ kind: 'replace', worker: 0 });
    }
    bench.trainer(0).finishes(0);
    expect(bench.run.outcomes.get(0)).toBe(TRAINED);
  });

  it('are given up when they break down again and again with nothing told', () => {
    const bench = new Bench(2);
    for (let time = 0; time < 3; time += 1) {
      bench.connect(0);
      bench.loses(0, 'no memory');
    }
    expect(bench.states).toEqual(['running', 'replace', 'replace', 'replace']);
    bench.connect(0);
    bench.loses(0, 'no memory');
    expect(bench.states.slice(4)).toEqual(['failed']);
    expect(bench.posted.at(-1)).toMatchObject({
      error: { code: 'workers-broken', message: expect.stringContaining('no memory') as string },
    });
  });

  it('are replaced for ever as long as jobs are told', () => {
    const bench = new Bench(8);
    const sound = bench.trainer(0);
    for (let job = 0; job < 8; job += 1) {
      for (let time = 0; time < 3; time += 1) {
        bench.connect(1);
        bench.loses(1, 'no memory');
      }
      sound.finishes(job);
    }
    expect(bench.states.at(-1)).toBe('finished');
  });
});

describe('silence', () => {
  it('is broken by replacement while a trainer works', () => {
    const bench = new Bench(2);
    const [silent, talking] = [bench.trainer(0), bench.trainer(1)];
    bench.waits(60);
    talking.says({ kind: 'progress', job: 1, fraction: 0.5, curve: [] });
    expect(bench.states).toEqual(['running']);
    bench.waits(5);
    expect(bench.posted.at(-1)).toEqual({ kind: 'replace', worker: 0 });
    expect(silent.isClosed).toBe(true);
    expect(bench.trainer(0).jobs).toEqual([0]);
  });

  it.each<[string, (bench: Bench) => void]>([
    [
      'idle',
      (bench) => {
        bench.run.nextJob();
        bench.trainer(0);
      },
    ],
    ['not ready', (bench) => bench.connect(0)],
    [
      'paused',
      (bench) => {
        bench.trainer(0);
        bench.does('pause');
      },
    ],
  ])('is nothing of a trainer that is %s', (_, prepare) => {
    const bench = new Bench(1);
    prepare(bench);
    bench.waits(180);
    expect(bench.states).not.toContain('replace');
  });

  it('counts from the end of a pause', () => {
    const bench = new Bench(1);
    bench.trainer(0);
    bench.does('pause');
    bench.waits(180);
    bench.does('resume');
    bench.waits(60);
    expect(bench.states).not.toContain('replace');
    bench.waits(5);
    expect(bench.states.at(-1)).toBe('replace');
  });

  it('is nothing when the coordinator slept as long', () => {
    const bench = new Bench(1);
    bench.trainer(0);
    bench.now += 3_600_000;
    bench.coordination.checkSilence();
    bench.waits(60);
    expect(bench.states).toEqual(['running']);
  });

  it('ends the run when every trainer falls silent', () => {
    const bench = new Bench(2);
    for (let time = 0; time < 4; time += 1) {
      bench.trainer(0);
      bench.trainer(1);
      bench.waits(65);
    }
    expect(bench.states.filter((kind) => kind === 'failed')).toHaveLength(1);
    expect(bench.posted.at(-1)?.kind).toBe('failed');
  });
});

describe('lanes', () => {
  it('are told at most every 100 ms, in the order of the workers', () => {
    const bench = new Bench(2);
    const second = bench.trainer(1);
    bench.trainer(0);
    const before = bench.lanes.length;
    for (let tick = 1; tick <= 50; tick += 1) {
      bench.now += 10;
      second.says({ kind: 'progress', job: 0, fraction: tick / 50, curve: [] });
    }
    expect(bench.lanes).toHaveLength(before + 5);
    expect(bench.lastLanes).toEqual([1, 0]);
    expect(bench.lanes.at(-1)?.lanes[1]?.job?.progress).toBe(1);
  });

  it('are told at a pause, as they will stay', () => {
    const bench = new Bench(3);
    const trainer = bench.trainer(0);
    bench.does('step');
    trainer.finishes(0);
    expect(bench.posted.slice(-3).map(({ kind }) => kind)).toContain('lanes');
    expect(bench.lastLanes).toEqual([undefined]);
  });

  it('are empty at the end', () => {
    const bench = new Bench(3);
    bench.trainer(0);
    bench.trainer(1);
    bench.does('stop');
    expect(bench.lastLanes).toEqual([undefined, undefined]);
    expect(bench.posted.at(-1)?.kind).toBe('finished');
  });
});
