import { expect, it } from 'vitest';
import { lineOf } from './line-of';

it.each([
  ['not a search space: line 12: there is no gene', 12],
  ['no device: unknown field `colour` at line 5 column 3', 5],
  ['the file has 20000 bytes', null],
  ['a timeline 3: no', null],
])('%s', (message, line) => {
  expect(lineOf(message)).toBe(line);
});
