/**
 * An engine without wasm and workers, for tests of the page: runs are made up beforehand and played back.
 */
import type { ContactSheet, Engine, Lane, Session, SessionListener } from '../engine/engine';
import { EngineFailure } from '../engine/errors';
import type { Device } from '../protocol/generated/Device';
import type { LogLine } from '../protocol/generated/LogLine';
import type { RunConfig } from '../protocol/generated/RunConfig';
import type { TableView } from '../protocol/generated/TableView';
import { FAKE_CATALOG, FAKE_DEVICES } from './fake-catalog';
import { fakeLog } from './fake-log';
import { FAKE_GENES, fakeCandidate, fakeGenes, fakeRandom } from './fake-space';

const SIDE = 8;
const TICK_MS = 100;

export function fakeEngine(candidatesPerSecond: number): Engine {
  return {
    catalog: FAKE_CATALOG,
    readLink: (fragment) => ({
      config: { ...FAKE_CATALOG.defaults, ...readPairs(fragment) },
      notices: fragment.includes('strange')
        ? [{ kind: 'unknown', key: 'strange', message: 'unknown key' }]
        : [],
      lang: new URLSearchParams(fragment.replace(/^#/, '')).get('lang'),
    }),
    writeLink: (config) =>
      `v=1&device=${config.device}&seed=${config.seed}&candidates=${config.candidates}&strategy=${config.strategy}`,
    space: () => ({ size: '199411800', genes: [...FAKE_GENES], refinement: null }),
    candidate: (config, genes) => fakeCandidate(config, FAKE_DEVICES, genes),
    draw: (config, count, seed) => {
      const random = fakeRandom(seed);
      return Array.from({ length: count }, () => fakeCandidate(config, FAKE_DEVICES, fakeGenes(random)));
    },
    network: (config, json) => {
      const genes = JSON.parse(json) as number[];
      return fakeCandidate(config, FAKE_DEVICES, genes);
    },
    alike: (_, json) => ({ genes: JSON.parse(json) as number[], distance: 1 }),
    readDevice: (json) => JSON.parse(json) as Device,
    readTable: fakeTable,
    addTable: () => undefined,
    measure: (progress) => {
      progress(1);
      return { csv: Promise.resolve('measured'), cancel: () => undefined };
    },
    contactSheet: (_, count) => Promise.resolve(fakeSheet(count)),
    start: (config, workers, listener) => new FakeSession(config, workers, listener, candidatesPerSecond),
  };
}

/** Any text but 'bad' is a table; its digest is its length. */
export function fakeTable(csv: string): TableView {
  if (csv === 'bad') throw new EngineFailure('bad-table', 'no table, line 1: it is bad');
  const missing = csv.includes('half') ? ['dense'] : [];
  return { sha256: String(csv.length).padStart(64, '0'), csv, rows: 9, missing };
}

function readPairs(fragment: string): Partial<RunConfig> {
  const pairs = new URLSearchParams(fragment.replace(/^#/, ''));
  const device = pairs.get('device');
  const number = (key: string): number | undefined => (pairs.has(key) ? Number(pairs.get(key)) : undefined);
  const seed = number('seed');
  const candidates = number('candidates');
  return {
    ...(device === null ? {} : { device }),
    ...(seed === undefined ? {} : { seed }),
    ...(candidates === undefined ? {} : { candidates }),
  };
}

function fakeSheet(count: number): ContactSheet {
  const random = fakeRandom(3);
  const pixels = new Uint8Array(count * SIDE * SIDE);
  for (let image = 0; image < count; image += 1) {
    const radius = 2 + random() * 1.5;
    for (let pixel = 0; pixel < SIDE * SIDE; pixel += 1) {
      const distance = Math.hypot((pixel % SIDE) - 3.5, Math.floor(pixel / SIDE) - 3.5);
      pixels[image * SIDE * SIDE + pixel] = Math.max(0, 255 - Math.abs(distance - radius) * 170);
    }
  }
  return { width: SIDE, height: SIDE, channels: 1, labels: Array.from({ length: count }, () => 0), pixels };
}

class FakeSession implements Session {
  readonly #lines: LogLine[];
  #place = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #ticks = 0;
  #isStepping = false;

  constructor(
    private readonly config: RunConfig,
    private readonly workers: number,
    private readonly listener: SessionListener,
    private readonly perSecond: number,
  ) {
    this.#lines = fakeLog(config);
    queueMicrotask(() => {
      if (this.#isStepping || this.#timer === undefined) {
        this.resume();
      }
    });
  }

  pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#isStepping = false;
    this.listener.state({ kind: 'paused' });
  }

  resume(): void {
    clearInterval(this.#timer);
    this.listener.state({ kind: 'running' });
    this.#timer = setInterval(() => {
      this.#tick();
    }, TICK_MS);
  }

  step(): void {
    this.#isStepping = true;
    this.resume();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.listener.log([{ line: 'stopped', reason: 'user' }]);
  }

  log(): Promise<string> {
    return Promise.resolve(
      this.#lines
        .slice(0, this.#place)
        .map((line) => JSON.stringify(line))
        .join('\n'),
    );
  }

  loseWorker(): void {
    this.listener.lanes(this.#lanes());
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    this.#ticks += 1;
    const due = this.#isStepping
      ? 1
      : Math.floor((this.#ticks * this.perSecond * TICK_MS) / 1000) - this.#told();
    const batch: LogLine[] = [];
    let told = 0;
    while (this.#place < this.#lines.length && told < Math.max(0, due)) {
      const line = this.#lines[this.#place] as LogLine;
      batch.push(line);
      this.#place += 1;
      told += Number(line.line === 'told' || line.line === 'final');
    }
    if (this.#lines.slice(this.#place).every(({ line }) => line === 'front' || line === 'done')) {
      batch.push(...this.#lines.slice(this.#place));
      this.#place = this.#lines.length;
    }
    this.listener.log(batch);
    this.listener.lanes(this.#lanes());
    if (this.#place === this.#lines.length) {
      clearInterval(this.#timer);
      this.listener.state({ kind: 'finished' });
    } else if (this.#isStepping && told > 0) {
      this.pause();
    }
  }

  #told(): number {
    return this.#lines.slice(0, this.#place).filter(({ line }) => line === 'told' || line === 'final').length;
  }

  #lanes(): Lane[] {
    const isOver = this.#place === this.#lines.length;
    const coming = this.#lines.slice(this.#place).filter((line) => line.line === 'told');
    return Array.from({ length: this.workers }, (_, worker): Lane => {
      const told = coming[worker];
      if (told === undefined || isOver) {
        return { worker };
      }
      const { epochs } = this.config;
      const done = Math.min(epochs, Math.floor((((this.#ticks * 7 + worker * 3) % 10) / 10) * epochs) + 1);
      const job = {
        kind: 'search' as const,
        ask: told.ask,
        name: String(told.ask),
        epochs,
        progress: done / epochs,
        curve: told.curve.slice(0, done),
      };
      return { worker, job };
    });
  }
}
