import { expect, test } from 'vitest';
import { NumberFormat } from '../format/numbers';
import type { Member } from '../protocol/generated/Member';
import type { RunConfig } from '../protocol/generated/RunConfig';
import { scoreTitle, worthOf, worthText } from './worth';

const config = (evaluation: string, settings: RunConfig['settings'] = {}): RunConfig =>
  ({ eval: evaluation, settings }) as RunConfig;

test('a larger score is worth more, and is read back as it was', () => {
  const format = new NumberFormat('en');
  const scores = [-155_208, -20.5, -0.051, 0, 0.00229, 317.75, 318, 1442, 1_830_000];
  const worths = scores.map((score) => worthOf({ validation_accuracy: 0, score }));
  for (const [index, worth] of worths.entries()) {
    expect(worth).toBeGreaterThan(worths[index - 1] ?? 0);
    expect(worth).toBeLessThan(1);
    expect(worthText(worth, config('score'), format)).toBe(format.short(scores[index] ?? Number.NaN));
  }
  expect(worths[3]).toBe(0.5);
});

test('an accuracy is worth itself', () => {
  const worth = worthOf({ validation_accuracy: 0.946 });
  expect(worth).toBe(0.946);
  expect(worthText(worth, config('train'), new NumberFormat('en'))).toBe('94.6%');
});

test('the score that a run searches by has a name', () => {
  const choices = [
    { id: 'naswot', title: { en: 'NASWOT', es: 'NASWOT' } },
    { id: 'params', title: { en: 'Parameters', es: 'Parámetros' } },
  ];
  const proxy = {
    name: 'proxy',
    title: { en: '', es: '' },
    kind: { kind: 'choice', choices },
    default: 'naswot',
  };
  const members = [
    { id: 'train', settings: [] },
    { id: 'score', settings: [proxy] },
  ] as unknown as Member[];
  expect(scoreTitle(config('train'), members)).toBeNull();
  expect(scoreTitle(config('score'), members)?.en).toBe('NASWOT');
  expect(scoreTitle(config('score', { 'score.proxy': 'params' }), members)?.es).toBe('Parámetros');
});
