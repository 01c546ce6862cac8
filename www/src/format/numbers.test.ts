import { describe, expect, it } from 'vitest';
import { numberFormat } from './numbers';

const en = numberFormat('en');
const es = numberFormat('es');
/** With ordinary spaces, so that the cases can be read. */
const plain = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');

describe('numbers', () => {
  it.each([
    [en.bytes(1204), '1,204 B'],
    [en.bytes(0), '0 B'],
    [en.bytes(26_624), '26 KB'],
    [en.bytes(11 * 2 ** 30), '11 GB'],
    [en.memory(2048), '2 KB'],
    [en.count(999), '999'],
    [en.count(30_900), '30.9 k'],
    [en.quantity(16e6, 'OP/s'), '16 MOP/s'],
    [en.quantity(0, 'MAC'), '0 MAC'],
    [en.quantity(10e12, 'FLOP/s'), '10 TFLOP/s'],
    [en.milliseconds(26.41), '26.4 ms'],
    [en.milliseconds(0.0123), '12.3 µs'],
    [en.milliseconds(2500), '2.5 s'],
    [en.milliseconds(0), '0 ms'],
    [en.millijoules(0.0004), '400 nJ'],
    [en.elapsed(67_400), '1:07'],
    [en.percent(0.946), '94.6%'],
    [en.points(0.00667), '0.7'],
    [en.digits('4251528'), '4,251,528'],
    [en.digits('123456789012345678901'), '1.23 × 10²⁰'],
    [en.cost('ram', 512), '512 B'],
    [en.cost('latency', 512), '512 ms'],
    [en.tick('ram', 5120, en.tickUnit('ram', 16_000)), '5 KB'],
    [en.tick('ram', 500, en.tickUnit('ram', 2000)), '500 B'],
    [en.tick('flash', 2 ** 21, en.tickUnit('flash', 2 ** 22)), '2 MB'],
    [en.tick('macs', 20_000, en.tickUnit('macs', 90_000)), '20 k'],
    [en.tick('latency', 0, en.tickUnit('latency', 9)), '0'],
    [es.percent(0.946), '94,6 %'],
    [es.digits('4251528'), '4.251.528'],
    [es.count(30_900), '30,9 k'],
  ])('%s', (text, expected) => {
    expect(plain(text)).toBe(expected);
  });
});
