/**
 * What an evaluation found of a candidate, as one number that grows with it: the validation accuracy, or the merit of the
 * score of an untrained network. docs/scores.md has the formula; the engine tells strategies the same.
 */
import type { NumberFormat } from '../format/numbers';
import type { Member } from '../protocol/generated/Member';
import type { RunConfig } from '../protocol/generated/RunConfig';
import type { Text } from '../protocol/generated/Text';

interface Found {
  readonly validation_accuracy: number;
  readonly score?: number;
}

/** Between 0 and 1. */
export function worthOf({ validation_accuracy, score }: Found): number {
  return score === undefined ? validation_accuracy : merit(score);
}

function merit(score: number): number {
  const magnitude = Math.log1p(Math.abs(score));
  return 0.5 + (0.5 * Math.sign(score) * magnitude) / (1 + magnitude);
}

/** The opposite of `merit`. */
function scoreOf(worth: number): number {
  const share = 2 * worth - 1;
  return Math.sign(share) * Math.expm1(Math.abs(share) / (1 - Math.abs(share)));
}

/** Whether a run scores its candidates instead of training them. */
export function isScored(config: RunConfig): boolean {
  return config.eval === 'score';
}

/** Whether a run trains each of its candidates, if not all to the end. */
export function isTrained(config: RunConfig): boolean {
  return config.eval === 'train' || config.eval === 'predictor';
}

/** The name of the score that a run searches by; null where it trains. */
export function scoreTitle(config: RunConfig, evaluations: readonly Member[]): Text | null {
  const settings = evaluations.find(({ id }) => isScored(config) && id === config.eval)?.settings ?? [];
  const proxy = settings.find(({ name }) => name === 'proxy');
  if (proxy?.kind.kind !== 'choice') {
    return null;
  }
  const chosen = config.settings['score.proxy'] ?? proxy.default;
  return proxy.kind.choices.find(({ id }) => id === chosen)?.title ?? null;
}

/** A worth as people read it: an accuracy as a percentage, or the score itself. */
export function worthText(worth: number, config: RunConfig, format: NumberFormat): string {
  return isScored(config) ? format.short(scoreOf(worth)) : format.percent(worth);
}
