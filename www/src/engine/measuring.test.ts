import { describe, expect, it } from 'vitest';
import type { FromMeasuring, OpenMeasuring } from '../protocol/messages';
import { startMeasuring } from './measuring';

/** A worker that says what the test makes it say. */
class FakeWorker {
  readonly heard: OpenMeasuring[] = [];
  onmessage: ((event: MessageEvent<FromMeasuring>) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  isTerminated = false;

  postMessage(message: OpenMeasuring): void {
    this.heard.push(message);
  }

  terminate(): void {
    this.isTerminated = true;
  }

  says(message: FromMeasuring): void {
    this.onmessage?.({ data: message } as MessageEvent<FromMeasuring>);
  }
}

const MODULE = { of: 'trainer' } as unknown as WebAssembly.Module;

async function started() {
  const worker = new FakeWorker();
  const shares: number[] = [];
  const measuring = startMeasuring({
    module: Promise.resolve(MODULE),
    worker: () => worker as unknown as Worker,
    progress: (share) => shares.push(share),
  });
  await Promise.resolve();
  return { worker, shares, measuring };
}

describe('a measurement', () => {
  it('gets the trainers’ module, tells its progress and gives its table', async () => {
    const { worker, shares, measuring } = await started();
    expect(worker.heard).toEqual([{ module: MODULE }]);
    worker.says({ kind: 'progress', done: 1, all: 4 });
    worker.says({ kind: 'done', csv: 'rows' });
    expect(await measuring.csv).toBe('rows');
    expect([shares, worker.isTerminated]).toEqual([[0.25], true]);
  });

  it('ends at once when it is cancelled, also twice', async () => {
    const { worker, measuring } = await started();
    measuring.cancel();
    measuring.cancel();
    expect(worker.isTerminated).toBe(true);
    await expect(measuring.csv).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('is cancelled before its module is there without starting a worker', async () => {
    const workers: FakeWorker[] = [];
    const measuring = startMeasuring({
      module: Promise.resolve(MODULE),
      worker: () => {
        const worker = new FakeWorker();
        workers.push(worker);
        return worker as unknown as Worker;
      },
      progress: () => undefined,
    });
    measuring.cancel();
    await expect(measuring.csv).rejects.toMatchObject({ code: 'cancelled' });
    expect(workers).toEqual([]);
  });

  it('says why it failed', async () => {
    const engine = await started();
    engine.worker.says({ kind: 'failed', error: { code: 'misuse', message: 'no operator' } });
    await expect(engine.measuring.csv).rejects.toMatchObject({ code: 'misuse', message: 'no operator' });
    const broken = await started();
    broken.worker.onerror?.({ message: 'out of memory' } as ErrorEvent);
    await expect(broken.measuring.csv).rejects.toMatchObject({ message: 'out of memory' });
    const missing = startMeasuring({
      module: Promise.reject(new Error('offline')),
      worker: () => new FakeWorker() as unknown as Worker,
      progress: () => undefined,
    });
    await expect(missing.csv).rejects.toThrow('offline');
  });
});
