/**
 * What the page asks of the engine, and what it hears from it.
 *
 * The page never sees workers, ports or wasm: it gets an `Engine` (made by `openEngine`) and, for a run, a
 * `Session`. Everything a finished run shows comes from its log lines; lanes are telemetry, for the eye only.
 */
import type { AlikeView } from '../protocol/generated/AlikeView';
import type { Catalog } from '../protocol/generated/Catalog';
import type { CandidateView } from '../protocol/generated/CandidateView';
import type { Device } from '../protocol/generated/Device';
import type { EpochScore } from '../protocol/generated/EpochScore';
import type { JobKind } from '../protocol/generated/JobKind';
import type { LinkReading } from '../protocol/generated/LinkReading';
import type { LogLine } from '../protocol/generated/LogLine';
import type { PricedView } from '../protocol/generated/PricedView';
import type { RunConfig } from '../protocol/generated/RunConfig';
import type { SpaceView } from '../protocol/generated/SpaceView';
import type { TableView } from '../protocol/generated/TableView';

/** An error that the page can explain: a code, a sentence, and what else is known. */
export interface EngineError {
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
}

/** Some images of a dataset, for a contact sheet: 8-bit grey or RGB, one after the other. */
export interface ContactSheet {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly labels: readonly number[];
  readonly pixels: Uint8Array;
}

export interface Engine {
  /** Everything there is to choose from: datasets, spaces, strategies, evaluations, devices, objectives, link keys. */
  readonly catalog: Catalog;
  /** Reads a link's fragment (with or without `#`). Never fails: what is unknown, clamped or newer is told. */
  readLink(fragment: string): LinkReading;
  /** The fragment (without `#`) that opens this configuration: readable differences from the defaults. */
  writeLink(config: RunConfig): string;
  /** The search space as configured: genes, exact size. Throws an `EngineError` if the configuration cannot be. */
  space(config: RunConfig): SpaceView;
  /** Decodes and prices one candidate on every device. */
  candidate(config: RunConfig, genes: readonly number[]): CandidateView;
  /** Draws candidates uniformly from the space, without regard to limits, each decoded and priced. */
  draw(config: RunConfig, count: number, seed: number): CandidateView[];
  /** Prices the network of a file, in JSON. Throws an `EngineError` that names the line or the layer. */
  network(config: RunConfig, json: string): PricedView;
  /** The candidate whose network is most like that of a file. Throws as `network` does; takes some tenths of a second. */
  alike(config: RunConfig, json: string): AlikeView;
  /** Reads the file of a device of one's own. Throws an `EngineError` that names the line or the figure. */
  readDevice(json: string): Device;
  /** Reads a table of measurements from CSV. Throws an `EngineError` that names the line. */
  readTable(csv: string): TableView;
  /** From now on configurations that name this table can be. */
  addTable(table: TableView): void;
  /** Measures the operators of this browser, once each; `progress` is told the share that is done. */
  measure(progress: (share: number) => void): Measuring;
  /** Some training images. */
  contactSheet(dataId: string, count: number): Promise<ContactSheet>;
  /** Starts a run; the session reports through `listener`. */
  start(config: RunConfig, workers: number, listener: SessionListener): Session;
}

/** A measurement under way. */
export interface Measuring {
  /** The table as CSV; an `EngineError` if it cannot be had. */
  readonly csv: Promise<string>;
  cancel(): void;
}

export type SessionState =
  | { readonly kind: 'opening' }
  | { readonly kind: 'running' }
  | { readonly kind: 'paused' }
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly error: EngineError }
  | { readonly kind: 'closed' };

/** What one worker is doing now. */
export interface Lane {
  readonly worker: number;
  readonly job?: {
    readonly kind: JobKind;
    readonly ask: number;
    readonly name: string;
    readonly epochs: number;
    /** Share of the job's work that is done, 0 to 1. */
    readonly progress: number;
    readonly curve: readonly EpochScore[];
  };
}

export interface SessionListener {
  /** New log lines, in order. */
  log(lines: readonly LogLine[]): void;
  /** What every worker is doing; at most about ten times a second. */
  lanes(lanes: readonly Lane[]): void;
  /** The session's state changed. */
  state(state: SessionState): void;
}

export interface Session {
  /**
   * Answered at once; workers halt after the step that they are at, some 15 ms or one operator on one image, and go on
   * from where they were.
   */
  pause(): void;
  resume(): void;
  /** Goes on until one more candidate is told, then pauses. */
  step(): void;
  /** Ends the run early: the log gets one `stopped` line. */
  stop(): void;
  /** The whole log so far, as bytes of UTF-8 text. */
  log(): Promise<string>;
  /** Terminates one worker as a crash would; it is replaced and its job is done again. For tests. */
  loseWorker(worker: number): void;
  /** Frees everything. Idempotent. */
  close(): void;
}
