/** Opens the engine: each module is fetched and compiled once, and workers get the compiled one. */
import {
  DataFile,
  Problem,
  catalog as readCatalog,
  initSync,
  readDevice,
  readLink,
  readTable,
  writeLink,
} from '../../pkg/page/page.js';
import coordinatorUrl from '../../pkg/coordinator/coordinator_bg.wasm?url';
import pageUrl from '../../pkg/page/page_bg.wasm?url';
import trainerUrl from '../../pkg/trainer/trainer_bg.wasm?url';
import type { AlikeView } from '../protocol/generated/AlikeView';
import type { Catalog } from '../protocol/generated/Catalog';
import type { CandidateView } from '../protocol/generated/CandidateView';
import type { Device } from '../protocol/generated/Device';
import type { DataSpec } from '../protocol/generated/DataSpec';
import type { LinkReading } from '../protocol/generated/LinkReading';
import type { PricedView } from '../protocol/generated/PricedView';
import type { RunConfig } from '../protocol/generated/RunConfig';
import type { SpaceView } from '../protocol/generated/SpaceView';
import type { TableView } from '../protocol/generated/TableView';
import CoordinatorWorker from '../workers/coordinator.worker?worker';
import MeasuringWorker from '../workers/measuring.worker?worker';
import TrainerWorker from '../workers/trainer.worker?worker';
import type { ContactSheet, Engine, Measuring, Session, SessionListener } from './engine';
import { DataFiles } from './data-files';
import { startMeasuring } from './measuring';
import { LazyModule, compileModule } from './modules';
import { WorkerSession, type WorkerFactory } from './session';

/** The page has been drawn by then. */
const IDLE_MS = 500;

const FACTORY: WorkerFactory = {
  coordinator: () => new CoordinatorWorker(),
  trainer: () => new TrainerWorker(),
};

/** Opens the engine. Throws an `EngineError` if the browser lacks what it needs, or the module cannot be had. */
export async function openEngine(): Promise<Engine> {
  initSync({ module: await compileModule(pageUrl) });
  return new WasmEngine(readCatalog() as Catalog);
}

class WasmEngine implements Engine {
  readonly #files: DataFiles;
  readonly #coordinator = new LazyModule(coordinatorUrl);
  readonly #trainer = new LazyModule(trainerUrl);
  /** Tables of measurements as CSV, by their digests. */
  readonly #tables = new Map<string, string>();
  #problem: { readonly key: string; readonly handle: Problem } | undefined;

  constructor(readonly catalog: Catalog) {
    this.#files = new DataFiles(catalog.datasets);
    whenIdle(() => {
      // What is wrong with them is told when a search needs them.
      for (const module of [this.#coordinator, this.#trainer]) module.get().catch(() => undefined);
    });
  }

  readLink(fragment: string): LinkReading {
    return readLink(fragment) as LinkReading;
  }

  writeLink(config: RunConfig): string {
    return writeLink(config);
  }

  space(config: RunConfig): SpaceView {
    return this.#of(config).space() as SpaceView;
  }

  candidate(config: RunConfig, genes: readonly number[]): CandidateView {
    return this.#of(config).candidate(genes) as CandidateView;
  }

  draw(config: RunConfig, count: number, seed: number): CandidateView[] {
    return this.#of(config).draw(count, seed) as CandidateView[];
  }

  network(config: RunConfig, json: string): PricedView {
    return this.#of(config).network(json) as PricedView;
  }

  alike(config: RunConfig, json: string): AlikeView {
    return this.#of(config).alike(json) as AlikeView;
  }

  readDevice(json: string): Device {
    return readDevice(json) as Device;
  }

  readTable(csv: string): TableView {
    return readTable(csv) as TableView;
  }

  addTable({ sha256, csv }: TableView): void {
    this.#tables.set(sha256, csv);
  }

  measure(progress: (share: number) => void): Measuring {
    return startMeasuring({ module: this.#trainer.get(), worker: () => new MeasuringWorker(), progress });
  }

  async contactSheet(dataId: string, count: number): Promise<ContactSheet> {
    const bytes = await this.#files.get(dataId);
    const file = new DataFile(dataId, new Uint8Array(bytes));
    const shape = this.catalog.datasets.find(({ id }) => id === dataId)?.shape ?? [1, 0, 0];
    const [channels, height, width] = shape as [1 | 3, number, number];
    try {
      return { width, height, channels, labels: [...file.labels(count)], pixels: file.pixels(count) };
    } finally {
      file.free();
    }
  }

  start(config: RunConfig, workers: number, listener: SessionListener): Session {
    const data = this.#of(config).data() as DataSpec;
    return new WorkerSession({
      coordinatorModule: this.#coordinator.get(),
      trainerModule: this.#trainer.get(),
      config,
      table: this.#tableOf(config),
      data,
      file: this.#files.get(config.data),
      workers,
      factory: FACTORY,
      listener,
    });
  }

  /** The problem of a configuration; the last one is kept, since the page asks for it again and again. */
  #of(config: RunConfig): Problem {
    const key = JSON.stringify(config);
    if (this.#problem?.key !== key) {
      const handle = new Problem(config, this.#tableOf(config));
      this.#problem?.handle.free();
      this.#problem = { key, handle };
    }
    return this.#problem.handle;
  }

  #tableOf({ table }: RunConfig): string | undefined {
    return table === undefined ? undefined : this.#tables.get(table);
  }
}

/** Calls back when the page has nothing else to do; without `requestIdleCallback`, as in Safari, a little later. */
function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in globalThis) requestIdleCallback(work);
  else setTimeout(work, IDLE_MS);
}
