import { describe, expect, it } from 'vitest';
import { FAKE_DEFAULTS } from '../testing/fake-catalog';
import { fakeLog } from '../testing/fake-log';
import { readLog } from './log-text';

const LINES = fakeLog({ ...FAKE_DEFAULTS, candidates: 4 });
const TEXT = LINES.map((line) => `${JSON.stringify(line)}\n`).join('');

describe('a kept log', () => {
  it('is read back whole', () => {
    expect(readLog(TEXT)).toEqual(JSON.parse(JSON.stringify(LINES)));
  });

  it.each([
    ['nothing', ''],
    ['no JSON', 'not a log'],
    ['a log cut in the middle of a line', TEXT.slice(0, -20)],
    ['a log without its first line', TEXT.slice(TEXT.indexOf('\n') + 1)],
    ['a log of another format', TEXT.replace('"format":1', '"format":2')],
  ])('is refused when it is %s', (_, text) => {
    expect(readLog(text)).toBeNull();
  });
});
