import { describe, expect, it, vi } from 'vitest';
import type { Engine, Session, SessionListener } from '../engine/engine';
import { FAKE_DEFAULTS } from '../testing/fake-catalog';
import { fakeEngine } from '../testing/fake-engine';
import { fakeLog } from '../testing/fake-log';
import { Search } from './search.svelte';

const CONFIG = { ...FAKE_DEFAULTS, candidates: 10 };
const LINES = fakeLog(CONFIG);

/** A search whose session is driven by hand. */
function setUp() {
  const listeners: SessionListener[] = [];
  const session = {
    pause: vi.fn(),
    resume: vi.fn(),
    step: vi.fn(),
    stop: vi.fn(),
    log: vi.fn(() => Promise.resolve('the log')),
    loseWorker: vi.fn(),
    close: vi.fn(),
  } satisfies Session;
  const engine: Engine = {
    ...fakeEngine(1),
    start: (_config, _workers, listener) => {
      listeners.push(listener);
      return session;
    },
  };
  const frames: (() => void)[] = [];
  let time = 0;
  const search = new Search(engine, {
    nextFrame: (callback) => frames.push(callback),
    now: () => time,
    wait: () => Promise.resolve(),
  });
  return {
    search,
    session,
    frames,
    listener: (index = 0) => listeners[index] as SessionListener,
    nextFrame: () => {
      frames.splice(0).forEach((callback) => {
        callback();
      });
    },
    wait: (milliseconds: number) => (time += milliseconds),
  };
}

describe('a search', () => {
  it('shows lines and lanes at most once a frame', () => {
    const { search, frames, listener, nextFrame } = setUp();
    search.start(CONFIG, 2);
    for (const line of LINES) listener().log([line]);
    listener().lanes([{ worker: 0 }]);
    expect(frames).toHaveLength(1);
    expect(search.view.told).toHaveLength(0);
    nextFrame();
    expect(search.view.told).toHaveLength(10);
    expect(search.lanes).toHaveLength(1);
  });

  it('follows the states of its session and stops its clock in pauses', () => {
    const { search, listener, wait } = setUp();
    search.start(CONFIG, 2);
    expect(search.phase).toBe('opening');
    wait(100);
    listener().state({ kind: 'running' });
    wait(1000);
    listener().state({ kind: 'paused' });
    wait(5000);
    expect([search.phase, search.elapsed()]).toEqual(['paused', 1100]);
    listener().state({ kind: 'running' });
    wait(10);
    listener().state({ kind: 'finished' });
    wait(5000);
    expect([search.phase, search.elapsed(), search.isActive]).toEqual(['finished', 1110, false]);
  });

  it('goes back to the beginning and keeps the log', async () => {
    const { search, session, listener, nextFrame } = setUp();
    search.start(CONFIG, 2);
    listener().state({ kind: 'running' });
    listener().log(LINES);
    nextFrame();
    search.reset();
    expect([search.phase, search.view.header, search.hasLog]).toEqual(['idle', null, true]);
    expect(session.stop).toHaveBeenCalledOnce();
    await expect(search.log()).resolves.toBe('the log');
    expect(session.close).toHaveBeenCalledOnce();
  });

  it('does not stop a finished run when it is reset', () => {
    const { search, session, listener } = setUp();
    search.start(CONFIG, 2);
    listener().state({ kind: 'finished' });
    search.reset();
    expect(session.stop).not.toHaveBeenCalled();
  });

  it('hears nothing more of a session that it left', () => {
    const { search, listener, nextFrame } = setUp();
    search.start(CONFIG, 2);
    listener().log(LINES.slice(0, 3));
    search.reset();
    listener().log(LINES);
    listener().state({ kind: 'running' });
    nextFrame();
    expect([search.phase, search.view.header]).toEqual(['idle', null]);
    search.start(CONFIG, 2);
    listener(1).log(LINES);
    nextFrame();
    expect(search.view.told).toHaveLength(10);
  });

  it('goes one step from idle, once its session runs', () => {
    const { search, session, listener } = setUp();
    search.step(CONFIG, 1);
    expect([search.isActive, session.step.mock.calls.length]).toEqual([true, 0]);
    listener().state({ kind: 'running' });
    listener().state({ kind: 'running' });
    expect(session.step).toHaveBeenCalledOnce();
    search.step(CONFIG, 1);
    expect(session.step).toHaveBeenCalledTimes(2);
  });

  it('keeps an error until it is dismissed', () => {
    const { search, listener } = setUp();
    search.start(CONFIG, 2);
    listener().state({ kind: 'failed', error: { code: 'worker-start', message: 'no' } });
    expect([search.phase, search.error?.code]).toEqual(['failed', 'worker-start']);
    search.dismissError();
    expect([search.phase, search.error]).toEqual(['idle', null]);
  });

  it('tells an engine that throws as an error', () => {
    const engine: Engine = {
      ...fakeEngine(1),
      start: () => {
        throw { code: 'infeasible', message: 'nothing fits' } as unknown as Error;
      },
    };
    const search = new Search(engine, {
      nextFrame: () => undefined,
      now: () => 0,
      wait: () => Promise.resolve(),
    });
    search.start(CONFIG, 1);
    expect([search.phase, search.error?.code]).toEqual(['failed', 'infeasible']);
  });
});
