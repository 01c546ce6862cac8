/**
 * A made-up run as log lines: plausible accuracies, an evolution that learns, rejections, duplicates, a
 * failure, a front, final trainings.
 */
import { costOn } from '../model/costs';
import { limitsOf } from '../model/limits';
import type { CandidateView } from '../protocol/generated/CandidateView';
import type { EpochScore } from '../protocol/generated/EpochScore';
import type { FrontMember } from '../protocol/generated/FrontMember';
import type { LogLine } from '../protocol/generated/LogLine';
import type { Rejected } from '../protocol/generated/Rejected';
import type { RunConfig } from '../protocol/generated/RunConfig';
import type { Trained } from '../protocol/generated/Trained';
import { FAKE_CATALOG, FAKE_DEVICES } from './fake-catalog';
import { FAKE_GENES, fakeCandidate, fakeGenes, fakeRandom } from './fake-space';

const FAILING_ASK = 13;
const WARM_UP = 8;
const VALIDATION_IMAGES = 300;

export function fakeLog(config: RunConfig): LogLine[] {
  return new FakeRun(config).lines();
}

class FakeRun {
  readonly #random: () => number;
  readonly #genes: number[][] = [];
  readonly #names = new Map<string, number>();
  readonly #scores: { ask: number; accuracy: number }[] = [];
  #front: FrontMember[] = [];

  constructor(readonly config: RunConfig) {
    this.#random = fakeRandom(config.seed);
  }

  lines(): LogLine[] {
    const asked = Array.from({ length: this.config.candidates }, (_, ask) => this.#candidate(ask));
    const finals = this.#front.slice(-5).map(({ ask }): LogLine => {
      const trained = this.#trained(ask, 24, 0.01);
      const test = Math.round((trained.validation_accuracy - 0.008) * VALIDATION_IMAGES) / VALIDATION_IMAGES;
      return { line: 'final', ask, epochs: 24, ...trained, test_accuracy: test };
    });
    const { candidates } = this.config;
    return [
      this.#header(),
      ...asked.flat(),
      ...finals,
      { line: 'done', candidates, distinct: this.#names.size, work_macs: candidates * 4e8 },
    ];
  }

  #header(): LogLine {
    const { config } = this;
    return {
      line: 'run',
      format: 1,
      numerics: FAKE_CATALOG.numerics,
      config,
      data_sha256: '00',
      space_size: '199411800',
      limits: limitsOf(config, FAKE_CATALOG.devices),
      recipe: {
        batch_size: 32,
        optimizer: { kind: 'adam-w', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 },
        learning_rate: 0.01,
        warmup_epochs: 1,
        horizon_epochs: config.epochs,
        label_smoothing: 0,
      },
      validation_images: VALIDATION_IMAGES,
      test_images: 300,
      reference_accuracy: 0.1,
      reference_cost: 400,
    };
  }

  #candidate(ask: number): LogLine[] {
    const parent = this.#parent(ask);
    const rejected: Rejected[] = [];
    let view = this.#draw(parent);
    while (view.violations[0] !== undefined && rejected.length < 40) {
      rejected.push({ genes: view.genes, violation: view.violations[0] });
      view = this.#draw(parent);
    }
    const same_as = this.#names.get(view.name) ?? null;
    this.#names.set(view.name, same_as ?? ask);
    this.#genes[ask] = view.genes;
    const costs = view.summary;
    const trained =
      same_as !== null && same_as !== FAILING_ASK
        ? this.#trained(same_as, this.config.epochs, 0)
        : this.#trained(ask, this.config.epochs, 0);
    const rejections =
      rejected.length > 0 ? { rejections: { count: rejected.length, first: rejected.slice(0, 3) } } : {};
    return [
      {
        line: 'asked',
        ask,
        genes: view.genes,
        name: view.name,
        parent,
        costs,
        key: String(ask).padStart(64, '0'),
        planned_macs: same_as === null ? costs.macs * 3 * 1197 * this.config.epochs : 0,
        same_as,
        ...rejections,
      },
      { line: 'told', ask, virtual_end: ask * 1e6, ...trained },
      ...this.#frontLines(ask, trained, view),
    ];
  }

  #parent(ask: number): number | null {
    if (this.config.strategy === 'random' || ask < WARM_UP) {
      return null;
    }
    const pool = this.#scores.slice(-10).sort((a, b) => b.accuracy - a.accuracy);
    return pool[Math.floor(this.#random() ** 2 * Math.min(4, pool.length))]?.ask ?? null;
  }

  #draw(parent: number | null): CandidateView {
    const fresh = fakeGenes(this.#random);
    const base = parent === null ? undefined : this.#genes[parent];
    const gene = Math.floor(this.#random() * FAKE_GENES.length);
    const genes =
      base === undefined
        ? fresh
        : base.map((value, index) => (index === gene ? (fresh[index] ?? value) : value));
    return fakeCandidate(this.config, FAKE_DEVICES, genes);
  }

  #trained(ask: number, epochs: number, bonus: number): Trained {
    if (ask === FAILING_ASK) {
      const failure = { why: 'diverged', step: 31, layer: 'layer1.conv' } as const;
      return { curve: [], validation_accuracy: 0, failure };
    }
    const { costs } = fakeCandidate(this.config, FAKE_DEVICES, this.#genes[ask] ?? []);
    const noise = fakeRandom(ask + 100);
    noise();
    const reach = 0.985 - 0.8 * Math.exp(-((costs.macs / 1500) ** 0.36)) + (noise() - 0.5) * 0.05 + bonus;
    const last = Math.min(0.993, Math.max(0.1, reach));
    const curve = Array.from({ length: epochs }, (_, epoch): EpochScore => {
      const share = 1 - Math.exp((-3.2 * (epoch + 1)) / epochs);
      const accuracy = 0.1 + ((last - 0.1) * share) / (1 - Math.exp(-3.2)) + (noise() - 0.5) * 0.015;
      return {
        loss: 2.3 * (1 - share) + 0.05,
        accuracy: Math.round(Math.min(1, accuracy) * VALIDATION_IMAGES) / VALIDATION_IMAGES,
      };
    });
    return { curve, validation_accuracy: curve.at(-1)?.accuracy ?? 0, weights_sha256: 'ab' };
  }

  #frontLines(ask: number, trained: Trained, view: CandidateView): LogLine[] {
    if (trained.failure !== undefined) {
      return [];
    }
    const validation_accuracy = trained.validation_accuracy;
    this.#scores.push({ ask, accuracy: validation_accuracy });
    const cost = costOn(this.config.objective, view.summary) ?? 0;
    const beats = (a: FrontMember, b: FrontMember): boolean =>
      a.cost <= b.cost && a.validation_accuracy >= b.validation_accuracy;
    const member: FrontMember = { ask, validation_accuracy, cost };
    if (this.#front.some((other) => beats(other, member))) {
      return [];
    }
    this.#front = [...this.#front.filter((other) => !beats(member, other)), member].sort(
      (a, b) => a.cost - b.cost,
    );
    const limit = 400;
    const hypervolume = this.#front.reduce(
      (area, each, index, all) =>
        area + ((all[index + 1]?.cost ?? limit) - each.cost) * (each.validation_accuracy - 0.1),
      0,
    );
    return [{ line: 'front', members: this.#front, hypervolume }];
  }
}
