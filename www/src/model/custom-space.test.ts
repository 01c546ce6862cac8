import { describe, expect, it } from 'vitest';
import { EXAMPLES, lineOf } from './custom-space';

describe('a space of one’s own', () => {
  it('has three examples of the documented format', () => {
    const formats = EXAMPLES.map(({ text }) => (JSON.parse(text) as { format: number }).format);
    expect(formats).toEqual([1, 1, 1]);
  });

  it.each([
    ['not a search space: line 12: there is no gene', 12],
    ['the file has 20000 bytes', null],
    ['a timeline 3: no', null],
  ])('%s', (message, line) => {
    expect(lineOf(message)).toBe(line);
  });
});
