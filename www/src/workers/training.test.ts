import { describe, expect, it } from 'vitest';
import { EngineFailure } from '../engine/errors';
import type { Job } from '../protocol/generated/Job';
import type { Outcome } from '../protocol/generated/Outcome';
import type { StepView } from '../protocol/generated/StepView';
import type { FromTrainer, ToTrainer } from '../protocol/messages';
import { type JobEvaluator, Training } from './training';

const TRAINED: Outcome = { outcome: 'trained', curve: [], test_accuracy: null, weights_sha256: 'w' };
const TOO_LARGE: Outcome = { outcome: 'failed', why: 'too-large', needed_bytes: 2, limit_bytes: 1 };

const jobOf = (id: number, epochs: number): Job => ({ id, epochs, recipe: { horizon_epochs: 9 } }) as Job;

/** A trainer on an imaginary machine whose time passes only while it works. */
class Bench implements JobEvaluator {
  macsPerMs = 1_000_000;
  /** No step is shorter: an instruction is never cut. */
  shortestStepMs = 0;
  /** Work left of the job. */
  macsLeft = Infinity;
  known: Outcome | null = null;
  mayGoOn = false;
  failure: Error | undefined;
  now = 0;
  readonly steps: { readonly macs: number; readonly ms: number }[] = [];
  /** Checkpoints it went on from. */
  readonly resumed: number[] = [];
  readonly posted: (FromTrainer & { readonly at: number })[] = [];
  readonly transferred: Transferable[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #training = new Training({
    evaluator: this,
    post: (message, transfer = []) => {
      this.posted.push({ ...message, at: this.now });
      this.transferred.push(...transfer);
    },
    now: () => this.now,
    soon: (work) => this.#waiting.push(work),
  });

  begin(): Outcome | null {
    this.#fail();
    return this.known;
  }

  resume(_job: Job, checkpoint: Uint8Array): Outcome | null {
    this.resumed.push(...checkpoint);
    return this.known;
  }

  checkpoint(): Uint8Array {
    return new Uint8Array([7, 8]);
  }

  step(macs: number): StepView {
    this.#fail();
    const done = Math.min(macs, this.macsLeft);
    const ms = Math.max(this.shortestStepMs, done / this.macsPerMs);
    this.now += ms;
    this.steps.push({ macs, ms });
    this.macsLeft -= done;
    return {
      progress: { fraction_done: this.macsLeft === 0 ? 1 : 0.5, curve: [{ loss: 1, accuracy: 0.5 }] },
      outcome: this.macsLeft === 0 ? TRAINED : null,
      may_go_on: this.mayGoOn,
    };
  }

  hears(...messages: ToTrainer[]): void {
    for (const message of messages) this.#training.handle(message);
  }

  gets(job: number, epochs = 9): void {
    this.hears({ kind: 'job', job: jobOf(job, epochs) });
  }

  /** Lets it work for so many turns, or until nothing is scheduled. */
  turns(count: number): void {
    for (let turn = 0; turn < count; turn += 1) this.#waiting.shift()?.();
  }

  get scheduled(): number {
    return this.#waiting.length;
  }

  #fail(): void {
    if (this.failure) throw this.failure;
  }
}

describe('a step', () => {
  it.each([
    ['slow', 1e3],
    ['ordinary', 1e6],
    ['fast', 1e8],
  ])('takes about 15 ms on a %s machine', (_, macsPerMs) => {
    const bench = new Bench();
    bench.macsPerMs = macsPerMs;
    bench.gets(0);
    bench.turns(30);
    expect(bench.steps.at(-1)?.ms).toBeCloseTo(15, 0);
  });

  it('is at most twice the last one', () => {
    const bench = new Bench();
    bench.macsPerMs = 1e9;
    bench.gets(0);
    bench.turns(12);
    for (const [at, { macs }] of bench.steps.slice(1).entries())
      expect(macs).toBe(2 * (bench.steps[at]?.macs ?? 0));
  });

  it('never shrinks to nothing, however long an instruction takes', () => {
    const bench = new Bench();
    bench.shortestStepMs = 40;
    bench.gets(0);
    bench.turns(60);
    expect(bench.steps.at(-1)?.macs).toBe(1);
    bench.shortestStepMs = 0;
    bench.turns(40);
    expect(bench.steps.at(-1)?.ms).toBeCloseTo(15, 0);
  });

  it('starts small again with every job', () => {
    const bench = new Bench();
    bench.macsPerMs = 1e9;
    bench.gets(0);
    bench.turns(10);
    bench.macsLeft = 1;
    bench.turns(1);
    bench.macsLeft = Infinity;
    bench.gets(1);
    bench.turns(1);
    expect(bench.steps.at(-1)?.macs).toBe(bench.steps[0]?.macs);
  });
});

describe('what it tells', () => {
  it('is its progress, at most every 100 ms', () => {
    const bench = new Bench();
    bench.gets(4);
    bench.turns(100);
    const times = bench.posted.map(({ at }) => at);
    expect(times.length).toBeGreaterThan(5);
    for (const [index, time] of times.slice(1).entries())
      expect(time - (times[index] ?? 0)).toBeGreaterThanOrEqual(100);
    expect(bench.posted[0]).toMatchObject({
      kind: 'progress',
      job: 4,
      fraction: 0.5,
      curve: [{ loss: 1, accuracy: 0.5 }],
    });
  });

  it('ends with the last progress and the outcome, and then it rests', () => {
    const bench = new Bench();
    bench.macsLeft = 3_000_000;
    bench.gets(4);
    bench.turns(10);
    expect(bench.posted.slice(-2)).toMatchObject([
      { kind: 'progress', job: 4, fraction: 1 },
      { kind: 'done', job: 4, outcome: TRAINED },
    ]);
    expect(bench.scheduled).toBe(0);
  });

  it('is the outcome at once where there is nothing to train', () => {
    const bench = new Bench();
    bench.known = TOO_LARGE;
    bench.gets(4);
    expect(bench.posted).toMatchObject([{ kind: 'done', job: 4, outcome: TOO_LARGE }]);
    expect(bench.scheduled).toBe(0);
    bench.known = null;
    bench.gets(5);
    bench.turns(1);
    expect(bench.posted.at(-1)).toMatchObject({ kind: 'progress', job: 5 });
  });
});

describe('a super-network', () => {
  it('ends with the weights that candidates inherit', () => {
    const bench = new Bench();
    bench.macsLeft = 1;
    bench.mayGoOn = true;
    bench.hears({ kind: 'job', job: { ...jobOf(0, 9), kind: 'super-network' } });
    bench.turns(1);
    const checkpoint = new Uint8Array([7, 8]);
    expect(bench.posted.at(-1)).toMatchObject({ kind: 'done', job: 0, outcome: TRAINED, checkpoint });
  });
});

describe('a rung', () => {
  it('ends with a checkpoint where a later job may go on, and the next begins with it', () => {
    const bench = new Bench();
    bench.macsLeft = 1;
    bench.mayGoOn = true;
    bench.gets(4, 3);
    bench.turns(1);
    const checkpoint = new Uint8Array([7, 8]);
    expect(bench.posted.at(-1)).toMatchObject({ kind: 'done', job: 4, outcome: TRAINED, checkpoint });
    expect(bench.transferred).toHaveLength(1);
    bench.macsLeft = 1;
    bench.mayGoOn = false;
    bench.hears({ kind: 'job', job: jobOf(5, 9), checkpoint });
    expect(bench.resumed).toEqual([7, 8]);
    bench.turns(1);
    expect(bench.posted.at(-1)).toMatchObject({ kind: 'done', job: 5 });
    expect(bench.posted.at(-1)).not.toHaveProperty('checkpoint');
    expect(bench.transferred).toHaveLength(1);
  });
});

describe('pause', () => {
  it('holds between two steps, and resume goes on', () => {
    const bench = new Bench();
    bench.gets(0);
    bench.turns(3);
    bench.hears({ kind: 'pause' });
    bench.turns(3);
    expect(bench.steps).toHaveLength(3);
    expect(bench.scheduled).toBe(0);
    bench.hears({ kind: 'resume' });
    bench.turns(3);
    expect(bench.steps).toHaveLength(6);
  });

  it('holds a job that comes before or after it', () => {
    for (const isJobFirst of [true, false]) {
      const bench = new Bench();
      if (isJobFirst) bench.gets(0);
      bench.hears({ kind: 'pause' });
      if (!isJobFirst) bench.gets(0);
      bench.turns(3);
      expect(bench.steps).toHaveLength(0);
      bench.hears({ kind: 'resume' });
      bench.turns(3);
      expect(bench.steps).toHaveLength(3);
    }
  });

  it('that is taken back at once leaves one loop, not two', () => {
    const bench = new Bench();
    bench.gets(0);
    bench.hears({ kind: 'pause' }, { kind: 'resume' }, { kind: 'resume' });
    expect(bench.scheduled).toBe(1);
    bench.turns(1);
    expect(bench.scheduled).toBe(1);
  });

  it('without a job is followed by nothing', () => {
    const bench = new Bench();
    bench.hears({ kind: 'pause' }, { kind: 'resume' });
    bench.turns(1);
    expect([bench.steps, bench.posted, bench.scheduled]).toEqual([[], [], 0]);
  });
});

describe('trouble', () => {
  it.each([
    ['of the engine', new EngineFailure('bad-data', 'damaged'), { code: 'bad-data', message: 'damaged' }],
    ['of the browser', new RangeError('too big'), { code: 'internal', message: 'too big' }],
  ])('%s is told, at the beginning and on the way', (_, failure, error) => {
    const early = new Bench();
    early.failure = failure;
    early.gets(0);
    const late = new Bench();
    late.gets(0);
    late.turns(1);
    late.failure = failure;
    late.turns(1);
    for (const bench of [early, late]) {
      expect(bench.posted.at(-1)).toMatchObject({ kind: 'failed', error });
      expect(bench.scheduled).toBe(0);
    }
  });

  it('is thrown on after a panic, so that the page replaces the worker', () => {
    const bench = new Bench();
    bench.gets(0);
    bench.failure = new WebAssembly.RuntimeError('unreachable');
    expect(() => {
      bench.turns(1);
    }).toThrow('unreachable');
    expect(bench.posted).toEqual([]);
    bench.hears({ kind: 'resume' });
    bench.turns(1);
    expect(bench.steps, 'nothing is done with broken memory').toEqual([]);
  });
});
