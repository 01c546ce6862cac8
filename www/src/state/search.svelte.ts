import type { Engine, EngineError, Lane, Session, SessionListener, SessionState } from '../engine/engine';
import { EMPTY_RUN, type RunView, showLines } from '../model/run-view';
import type { LogLine } from '../protocol/generated/LogLine';
import type { RunConfig } from '../protocol/generated/RunConfig';
import { asEngineError } from '../engine/errors';
import { Stopwatch } from './stopwatch';

export type Phase = 'idle' | 'opening' | 'running' | 'paused' | 'finished' | 'failed';

/** What the search needs of its surroundings; tests bring their own. */
export interface SearchSurroundings {
  /** Calls back once, before the next frame is drawn. */
  readonly nextFrame: (callback: () => void) => void;
  readonly now: () => number;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** How long a session may take to write its last line; one that is still opening has none to write. */
const STOP_PATIENCE_MS = 1000;

/**
 * The search: one session at a time, from Search to Reset. Log lines and lanes are gathered and shown at most
 * once a frame.
 */
export class Search {
  #phase = $state.raw<Phase>('idle');
  #view = $state.raw<RunView>(EMPTY_RUN);
  #lanes = $state.raw<readonly Lane[]>([]);
  #error = $state.raw<EngineError | null>(null);
  #hasLog = $state.raw(false);
  #session: Session | null = null;
  #log: (() => Promise<string>) | null = null;
  #waitingLines: LogLine[] = [];
  #waitingLanes: readonly Lane[] | null = null;
  #isFrameAsked = false;
  /** Whether the session is to go one step once it runs. */
  #isStepAsked = false;
  readonly #stopwatch: Stopwatch;

  constructor(
    private readonly engine: Engine,
    private readonly surroundings: SearchSurroundings,
  ) {
    this.#stopwatch = new Stopwatch(surroundings.now);
  }

  get phase(): Phase {
    return this.#phase;
  }

  get view(): RunView {
    return this.#view;
  }

  get lanes(): readonly Lane[] {
    return this.#lanes;
  }

  get error(): EngineError | null {
    return this.#error;
  }

  /** Whether there is a log to download: also after a reset, until the next start. */
  get hasLog(): boolean {
    return this.#hasLog;
  }

  /** Whether a session holds the configuration. */
  get isActive(): boolean {
    return this.#phase === 'opening' || this.#phase === 'running' || this.#phase === 'paused';
  }

  /** Milliseconds of searching, without pauses. */
  elapsed(): number {
    return this.#stopwatch.elapsed();
  }

  start(config: RunConfig, workers: number): void {
    this.#close();
    this.#clear();
    this.#log = null;
    this.#hasLog = false;
    this.#phase = 'opening';
    this.#stopwatch.restart();
    try {
      const session = this.engine.start(config, workers, this.#listener());
      this.#session = session;
      this.#log = () => session.log();
      this.#hasLog = true;
    } catch (error) {
      this.#fail(asEngineError(error));
    }
  }

  pause(): void {
    this.#session?.pause();
  }

  resume(): void {
    this.#session?.resume();
  }

  /** Goes on until one more candidate is told; starts the search if there is none. */
  step(config: RunConfig, workers: number): void {
    if (this.isActive) {
      this.#session?.step();
    } else {
      this.start(config, workers);
      this.#isStepAsked = true;
    }
  }

  /** Back to the beginning. What is shown goes; the log stays until the next start. */
  reset(): void {
    const session = this.#session;
    if (session !== null) {
      const text = this.isActive ? this.#stopped(session) : session.log();
      const close = (): void => {
        session.close();
      };
      text.then(close, close);
      this.#log = () => text;
      this.#session = null;
    }
    this.#clear();
    this.#phase = 'idle';
  }

  /** Shows a finished or interrupted search from its log alone. */
  showLog(text: string, lines: readonly LogLine[]): void {
    this.reset();
    this.#log = () => Promise.resolve(text);
    this.#hasLog = true;
    this.#view = showLines(EMPTY_RUN, lines);
    this.#phase = 'finished';
  }

  log(): Promise<string> {
    return this.#log?.() ?? Promise.reject(new Error('there is no log yet'));
  }

  dismissError(): void {
    this.#error = null;
    if (this.#phase === 'failed') {
      this.reset();
    }
  }

  /** The log of a session that is stopped now, with the line that says so. */
  async #stopped(session: Session): Promise<string> {
    const ended = this.#ended;
    session.stop();
    await Promise.race([ended, this.surroundings.wait(STOP_PATIENCE_MS)]);
    return session.log();
  }

  #listener(): SessionListener {
    let isCurrent = true;
    this.#forget = () => {
      isCurrent = false;
    };
    let end: () => void;
    this.#ended = new Promise((resolve) => {
      end = resolve;
    });
    return {
      log: (lines) => {
        if (isCurrent) {
          this.#waitingLines.push(...lines);
          this.#askFrame();
        }
      },
      lanes: (lanes) => {
        if (isCurrent) {
          this.#waitingLanes = lanes;
          this.#askFrame();
        }
      },
      state: (state) => {
        if (isCurrent) {
          this.#enter(state);
        }
        if (state.kind === 'finished' || state.kind === 'failed' || state.kind === 'closed') {
          end();
        }
      },
    };
  }

  /** Makes the newest listener deaf: what its session still says is about a run that is gone. */
  #forget: () => void = () => undefined;

  /** Settled when the newest session has come to its end. */
  #ended: Promise<void> = Promise.resolve();

  #enter(state: SessionState): void {
    switch (state.kind) {
      case 'opening':
      case 'running':
      case 'paused':
      case 'finished':
        this.#phase = state.kind;
        this.#stopwatch.run(state.kind === 'opening' || state.kind === 'running');
        if (state.kind === 'running' && this.#isStepAsked) {
          this.#isStepAsked = false;
          this.#session?.step();
        }
        return;
      case 'failed':
        this.#fail(state.error);
        return;
      case 'closed':
        return;
    }
  }

  #fail(error: EngineError): void {
    this.#stopwatch.run(false);
    this.#phase = 'failed';
    this.#error = error;
  }

  #askFrame(): void {
    if (!this.#isFrameAsked) {
      this.#isFrameAsked = true;
      this.surroundings.nextFrame(() => {
        this.#isFrameAsked = false;
        this.#show();
      });
    }
  }

  #show(): void {
    if (this.#waitingLines.length > 0) {
      this.#view = showLines(this.#view, this.#waitingLines);
      this.#waitingLines = [];
    }
    if (this.#waitingLanes !== null) {
      this.#lanes = this.#waitingLanes;
      this.#waitingLanes = null;
    }
  }

  #clear(): void {
    this.#forget();
    this.#waitingLines = [];
    this.#waitingLanes = null;
    this.#isStepAsked = false;
    this.#view = EMPTY_RUN;
    this.#lanes = [];
    this.#error = null;
    this.#stopwatch.clear();
  }

  #close(): void {
    this.#session?.close();
    this.#session = null;
  }
}
