/**
 * What the page, the coordinator and the trainers say to one another.
 *
 * The page makes all workers and links the coordinator to each trainer by a port of their own, so that jobs and
 * outcomes never pass through the page. Both ends of each channel derive their types from this file.
 */
import type { EpochScore } from './generated/EpochScore';
import type { DataSpec } from './generated/DataSpec';
import type { Job } from './generated/Job';
import type { Outcome } from './generated/Outcome';
import type { RunConfig } from './generated/RunConfig';
import type { EngineError, Lane } from '../engine/engine';

/** Page to coordinator. */
export type ToCoordinator =
  | {
      readonly kind: 'open';
      readonly module: WebAssembly.Module;
      readonly config: RunConfig;
      /** The table of measurements that the run names, as CSV. */
      readonly table: string | undefined;
    }
  /** A trainer is there, the first of this number or in place of a lost one; it answers on this port. */
  | { readonly kind: 'trainer'; readonly worker: number; readonly port: MessagePort }
  /** That trainer is gone: it broke down with this message, or was terminated without one. */
  | { readonly kind: 'lost'; readonly worker: number; readonly message: string }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'step' }
  | { readonly kind: 'stop' };

/** Coordinator to page. */
export type FromCoordinator =
  | { readonly kind: 'log'; readonly text: string }
  | { readonly kind: 'lanes'; readonly lanes: readonly Lane[] }
  | { readonly kind: 'running' }
  | { readonly kind: 'paused' }
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly error: EngineError }
  /** Start a new trainer of this number; the old one is lost, or of no use. */
  | { readonly kind: 'replace'; readonly worker: number };

/** Page to trainer, once. */
export interface OpenTrainer {
  readonly module: WebAssembly.Module;
  readonly data: DataSpec;
  /** The dataset's file. */
  readonly file: ArrayBuffer;
  /** The coordinator's end. */
  readonly port: MessagePort;
}

/** Coordinator to trainer. */
export type ToTrainer =
  /** With the checkpoint that the job goes on from, if there is one. */
  | { readonly kind: 'job'; readonly job: Job; readonly checkpoint?: Uint8Array }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' };

/** Trainer to coordinator. */
export type FromTrainer =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'progress';
      readonly job: number;
      readonly fraction: number;
      readonly curve: readonly EpochScore[];
    }
  /** With a checkpoint, if a later job may go on from it. */
  | {
      readonly kind: 'done';
      readonly job: number;
      readonly outcome: Outcome;
      readonly checkpoint?: Uint8Array;
    }
  | { readonly kind: 'failed'; readonly error: EngineError };

/** Page to the worker that measures, once. */
export interface OpenMeasuring {
  /** The trainers' own. */
  readonly module: WebAssembly.Module;
}

/** The worker that measures to the page. */
export type FromMeasuring =
  /** So many operators are measured. */
  | { readonly kind: 'progress'; readonly done: number; readonly all: number }
  | { readonly kind: 'done'; readonly csv: string }
  | { readonly kind: 'failed'; readonly error: EngineError };
