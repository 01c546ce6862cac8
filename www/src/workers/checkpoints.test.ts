import { expect, it } from 'vitest';
import { Checkpoints } from './checkpoints';

it('keeps the newest of each evaluation, and drops the oldest to make room', () => {
  const checkpoints = new Checkpoints(100);
  const lengths = (): (number | undefined)[] => ['a', 'b', 'c'].map((key) => checkpoints.get(key)?.length);
  checkpoints.put('a', new Uint8Array(10));
  checkpoints.put('b', new Uint8Array(80));
  checkpoints.put('a', new Uint8Array(20));
  expect(lengths()).toEqual([20, 80, undefined]);
  checkpoints.put('c', new Uint8Array(1));
  expect(lengths()).toEqual([20, undefined, 1]);
  checkpoints.put('a', undefined);
  expect(lengths()).toEqual([undefined, undefined, 1]);
  checkpoints.put('b', new Uint8Array(99));
  expect(lengths()).toEqual([undefined, 99, 1]);
  checkpoints.put('a', new Uint8Array(101));
  expect(lengths()).toEqual([undefined, undefined, undefined]);
});
