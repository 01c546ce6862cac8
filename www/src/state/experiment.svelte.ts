import type { Engine, EngineError } from '../engine/engine';
import type { CandidateView } from '../protocol/generated/CandidateView';
import type { LinkNotice } from '../protocol/generated/LinkNotice';
import type { RunConfig } from '../protocol/generated/RunConfig';
import type { SpaceView } from '../protocol/generated/SpaceView';
import { NO_OWN_DEVICE, type OwnDevice, withOwn } from '../model/own-device';
import { type ConfigPatch, patched } from '../model/patch';
import { asEngineError } from '../engine/errors';

/** The space of a configuration, or why there is none. */
export type SpaceState =
  | { readonly kind: 'space'; readonly view: SpaceView }
  | { readonly kind: 'error'; readonly error: EngineError };

/** How many networks are drawn to show what the space holds. */
const SAMPLES = 60;

/** What is to be searched: the configuration, and what follows from it at once. */
export class Experiment {
  #config = $state.raw<RunConfig>() as RunConfig;
  #notices = $state.raw<readonly LinkNotice[]>([]);
  #samples = $state.raw<readonly CandidateView[]>([]);
  #drawing = $state.raw(0);
  readonly space = $derived.by(() => this.#spaceOf(this.#config));
  /** The device of the configuration's file. */
  readonly own = $derived.by(() => this.ownOf(this.#config));
  readonly devices = $derived.by(() => withOwn(this.engine.catalog.devices, this.own));

  constructor(
    private readonly engine: Engine,
    private readonly showLink: (fragment: string) => void,
  ) {
    this.#config = engine.catalog.defaults;
  }

  get catalog(): Engine['catalog'] {
    return this.engine.catalog;
  }

  get config(): RunConfig {
    return this.#config;
  }

  /** What is to be told about the link that was opened. */
  get notices(): readonly LinkNotice[] {
    return this.#notices;
  }

  /** Networks drawn from the space without regard to limits; empty until drawn. */
  get samples(): readonly CandidateView[] {
    return this.#samples;
  }

  /** One network to look at before there are results: of the drawn ones that fit, the deepest first. */
  readonly example = $derived.by((): CandidateView | null => {
    const fitting = this.#samples.filter(({ violations }) => violations.length === 0);
    const choice = fitting.length > 0 ? fitting : this.#samples;
    const byDepth = choice.toSorted((a, b) => b.network.layers.length - a.network.layers.length);
    return byDepth[this.#drawing % Math.max(1, byDepth.length)] ?? null;
  });

  /** The one way to change the configuration. */
  update(patch: ConfigPatch): void {
    this.#config = patched(this.#config, patch);
    this.showLink(this.link);
  }

  /** Looks at the same configuration anew, since the engine knows more. */
  refresh(): void {
    this.#config = { ...this.#config };
  }

  /** The fragment that opens this configuration, without `#`. */
  get link(): string {
    return this.engine.writeLink(this.#config);
  }

  /** The device of a configuration's file. */
  ownOf({ own_device }: RunConfig): OwnDevice {
    if (own_device === undefined) return NO_OWN_DEVICE;
    try {
      return { device: this.engine.readDevice(own_device), problem: null };
    } catch (error) {
      return { device: null, problem: asEngineError(error).message };
    }
  }

  /** Takes a link's configuration; what was unknown, clamped or newer becomes a notice. Starts nothing. */
  open(fragment: string): { readonly language: string | null } {
    const reading = this.engine.readLink(fragment);
    this.#config = reading.config;
    this.#notices = reading.notices;
    return { language: reading.lang };
  }

  dismissNotices(): void {
    this.#notices = [];
  }

  /** Draws networks from the space of a configuration. */
  drawSamples(config: RunConfig): void {
    this.#drawing = 0;
    try {
      this.#samples = this.engine.draw(config, SAMPLES, config.seed);
    } catch {
      // Why there is no such space is told where the space is shown.
      this.#samples = [];
    }
  }

  showAnotherExample(): void {
    this.#drawing += 1;
  }

  #spaceOf(config: RunConfig): SpaceState {
    try {
      return { kind: 'space', view: this.engine.space(config) };
    } catch (error) {
      return { kind: 'error', error: asEngineError(error) };
    }
  }
}
