import { describe, expect, it } from 'vitest';
import { en } from '../i18n/en';
import { es } from '../i18n/es';
import { operatorName } from './block-label';

describe('operators of a search space', () => {
  it.each([
    ['conv3x3', en, 'conv 3×3'],
    ['separable3x3', es, 'separable 3×3'],
    ['batch-norm', es, 'norma de lote'],
    ['avg-pool', es, 'pool medio'],
    ['fire', en, 'fire'],
    ['skip2x', en, 'skip2x'],
  ])('%s', (id, t, expected) => {
    expect(operatorName(id, t)).toBe(expected);
  });
});
