import { expect, it } from 'vitest';
import { EXAMPLES } from './custom-space';

it('has three examples of the documented format', () => {
  const formats = EXAMPLES.map(({ text }) => (JSON.parse(text) as { format: number }).format);
  expect(formats).toEqual([1, 1, 1]);
});
