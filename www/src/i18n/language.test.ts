import { describe, expect, it } from 'vitest';
import { catalogOf, LANGUAGES, languageOf, preferredLanguage, templateParts } from './language';

/** Every leaf with its path; functions as the number of their arguments. */
function leaves(value: unknown, path = ''): Map<string, string | number> {
  if (typeof value === 'string') return new Map([[path, value]]);
  if (typeof value === 'function') return new Map([[path, value.length]]);
  return new Map(
    Object.entries(value as object).flatMap(([key, each]) => [...leaves(each, `${path}.${key}`)]),
  );
}
const slots = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

describe('the catalogs', () => {
  const english = leaves(catalogOf('en'));

  it.each(LANGUAGES)('%s has the same keys, arguments and slots as English', (language) => {
    const other = leaves(catalogOf(language));
    expect([...other.keys()]).toEqual([...english.keys()]);
    for (const [key, text] of english) {
      const translated = other.get(key);
      expect(typeof translated, key).toBe(typeof text);
      if (typeof text === 'string') {
        expect(slots(String(translated)), key).toEqual(slots(text));
        expect(String(translated).trim(), key).not.toBe('');
      }
    }
  });

  it('are translated', () => {
    const spanish = leaves(catalogOf('es'));
    const same = [...english].filter(([key, text]) => typeof text === 'string' && spanish.get(key) === text);
    // Terms of the field, names and signs that are the same in both languages.
    expect(same.map(([, text]) => text).sort()).toMatchInlineSnapshot(`
      [
        "GELU",
        "NAS Playground",
        "RAM",
        "RAM",
        "ReLU",
        "ReLU6",
        "SE",
        "SiLU",
        "Workers",
        "concat",
        "conv",
        "dropout",
        "fire",
        "flash",
        "flash",
        "flash (int8)",
        "meta-conv",
        "separable",
        "tanh",
        "transformer",
        "–",
      ]
    `);
  });

  it.each([
    [['es-CO', 'en'], 'es'],
    [['fr', 'es'], 'es'],
    [['fr'], 'en'],
    [[], 'en'],
  ] as const)('browsers that prefer %s get %s', (tags, expected) => {
    expect(preferredLanguage(tags)).toBe(expected);
  });

  it('know a language by its tag only', () => {
    expect(languageOf('es-419')).toBe('es');
    expect(languageOf('<script>')).toBeUndefined();
    expect(languageOf(null)).toBeUndefined();
  });

  it('split templates at their slots', () => {
    expect(templateParts('in {n} candidates.')).toEqual([
      { text: 'in ' },
      { slot: 'n' },
      { text: ' candidates.' },
    ]);
  });
});
